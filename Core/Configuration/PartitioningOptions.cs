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

    /// <summary>What counts of <see cref="MinPartitionBytes"/>.</summary>
    internal long LeastBytes => Math.Min(MinPartitionBytes, PartitionBytes);

    /// <summary>The options with sizes left aside.</summary>
    internal PartitioningOptions WithoutSizes() => new() { BySize = false, PartitionBytes = PartitionBytes, MinPartitionBytes = MinPartitionBytes, Coalesce = Coalesce };
}
