using Dpark.Partitioning;

namespace Dpark.Shuffle;

/// <summary>
/// As <see cref="SpreadPartitioner"/>, for keys that are integers and lie close together: ranges of them go to the buckets in turn, so that those of a bucket lie close together as
/// well, and a dense table has them all. No key is hashed. Does not leave its task.
/// </summary>
/// <param name="first">Where the range of the first bucket begins, see <see cref="DenseTable{TKey, TValue}.OrderOf"/>. There may be keys below.</param>
/// <param name="shift">The binary logarithm of the keys of a range, up to 63.</param>
internal sealed class RangeSpreadPartitioner(long first, int shift) : Partitioner
{
    private readonly (long First, int Shift) _ranges = (first, shift);

    public override int PartitionCount => SpreadPartitioner.BucketCount;

    public override void PartitionsOf<TKey>(ReadOnlySpan<TKey> keys, Span<int> partitions)
    {
        partitions = partitions[..keys.Length];
        var (first, shift) = _ranges;
        for (var i = 0; i < keys.Length; i++)
        {
            partitions[i] = (int)(((ulong)(DenseTable<TKey, int>.OrderOf(keys[i]) - first) >> shift) % SpreadPartitioner.BucketCount);
        }
    }

    public override bool Equals(Partitioner? other) => other is RangeSpreadPartitioner spread && spread._ranges == _ranges;

    public override int GetHashCode() => _ranges.GetHashCode();
}
