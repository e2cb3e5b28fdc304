namespace Dpark.Configuration;

/// <summary>Into how many partitions data is cut where no number is named. Bound from <c>Dpark:Partitioning</c>.</summary>
public sealed class PartitioningOptions
{
    /// <summary>
    /// Whether shuffles of data from files choose their number of partitions by its size. If not, or if <c>Dpark:Client:DefaultParallelism</c> is set, they have one per slot, as
    /// shuffles of collections and ranges do. Default: <see langword="true"/>.
    /// </summary>
    public bool BySize { get; set; } = true;

    /// <summary>Bytes that a partition should have: of a file as it is stored, of a shuffle as it was written. From 1 KiB to 1 TiB. Default: 64 MiB.</summary>
    public long PartitionBytes { get; set; } = 64 << 20;

    /// <summary>Bytes for which a partition of its own is worth its task; less data than this is one partition. From 1 to 1 TiB; no more than <see cref="PartitionBytes"/> counts. Default: 1 MiB.</summary>
    public long MinPartitionBytes { get; set; } = 1 << 20;

    /// <summary>
    /// Whether a shuffle that has more partitions than there are slots, and whose number nobody has named, is measured after its map stage, and neighbouring small partitions become
    /// one. Default: <see langword="true"/>.
    /// </summary>
    public bool Coalesce { get; set; } = true;

    /// <summary>
    /// Whether a join of two shuffles whose number of partitions nobody has named is measured after its map stages, and partitions that are much larger than the others are cut into
    /// parts, each of some map outputs of one side and all of the other. Not where a later operator needs no shuffle because of the join, and not if
    /// <c>Dpark:Client:DefaultParallelism</c> is set. Default: <see langword="true"/>.
    /// </summary>
    public bool SplitSkewed { get; set; } = true;

    /// <summary>A side of a partition of a join is too large if it is more than so many times the median of that side, and has <see cref="SkewBytes"/>. From 1 to 1,000. Default: 5.</summary>
    public double SkewFactor { get; set; } = 5;

    /// <summary>Bytes, as written, that a side of a partition of a join must exceed to be cut. From 1 KiB to 1 TiB. Default: 256 MiB.</summary>
    public long SkewBytes { get; set; } = 256 << 20;

    /// <summary>What counts of <see cref="MinPartitionBytes"/>.</summary>
    internal long LeastBytes => Math.Min(MinPartitionBytes, PartitionBytes);

    /// <summary>The options with sizes left aside.</summary>
    internal PartitioningOptions WithoutSizes()
    {
        var options = (PartitioningOptions)MemberwiseClone();
        options.BySize = false;
        options.SplitSkewed = false;
        return options;
    }
}
