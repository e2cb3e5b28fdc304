namespace Dpark.Partitioning;

/// <summary>Spreads keys evenly by <see cref="StableHash"/>. The partitioner that operators use when the caller names none.</summary>
public sealed class HashPartitioner : Partitioner
{
    private const int ChunkLength = 256;

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
    public override void PartitionsOf<TKey>(ReadOnlySpan<TKey> keys, Span<int> partitions)
    {
        Span<ulong> hashes = stackalloc ulong[ChunkLength];
        var hasher = StableHasher<TKey>.Default;
        for (var start = 0; start < keys.Length; start += ChunkLength)
        {
            var chunk = keys[start..Math.Min(start + ChunkLength, keys.Length)];
            hasher.Hash(chunk, hashes);
            for (var i = 0; i < chunk.Length; i++)
            {
                // The high bits choose, so that a hash table of the keys of one partition can use the low ones.
                partitions[start + i] = (int)(((hashes[i] >> 32) * (uint)_partitionCount) >> 32);
            }
        }
    }

    /// <inheritdoc/>
    public override bool Equals(Partitioner? other) => other is HashPartitioner hash && hash._partitionCount == _partitionCount;

    /// <inheritdoc/>
    public override int GetHashCode() => _partitionCount;
}
