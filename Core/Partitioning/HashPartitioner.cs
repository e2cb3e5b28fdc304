namespace Dpark.Partitioning;

/// <summary>Spreads keys evenly by <see cref="StableHash"/>. The partitioner that operators use when the caller names none.</summary>
public sealed class HashPartitioner : Partitioner
{
    private readonly int _partitionCount;

    /// <summary>Makes a partitioner.</summary>
    /// <param name="partitionCount">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is less.</exception>
    public HashPartitioner(int partitionCount)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitionCount, 1);
        _partitionCount = partitionCount;
    }

    /// <inheritdoc/>
    public override int PartitionCount => _partitionCount;

    /// <inheritdoc/>
    public override void PartitionsOf<TKey>(ReadOnlySpan<TKey> keys, Span<int> partitions) =>
        HashBuckets.Of(keys, partitions, new HighBits((uint)_partitionCount));

    /// <inheritdoc/>
    public override bool Equals(Partitioner? other) => other is HashPartitioner hash && hash._partitionCount == _partitionCount;

    /// <inheritdoc/>
    public override int GetHashCode() => _partitionCount;

    // The high bits choose, so that a hash table of the keys of one partition can use the low ones.
    private readonly struct HighBits(uint count) : IHashBuckets
    {
        public int BucketOf(ulong hash) => (int)(((hash >> 32) * count) >> 32);
    }
}
