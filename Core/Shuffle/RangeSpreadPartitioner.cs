using System.Numerics;
using Dpark.Partitioning;

namespace Dpark.Shuffle;

/// <summary>
/// As <see cref="SpreadPartitioner"/>, for keys that are integers and lie close together: a bucket has ranges of them, so that those of a bucket lie close together as well, and a dense
/// table has them all. No key is hashed. Does not leave its task.
/// </summary>
internal sealed class RangeSpreadPartitioner : Partitioner
{
    private const int CellBits = 8;

    // There may be many more keys in between than those that are known. Where they are farther apart, it takes many levels until a range has one key.
    private const int MostPlacesPerKey = 64;

    // So many pairs say how the others are distributed.
    private const int SampledPairs = 1 << 14;

    private readonly (long First, int Shift) _ranges;

    // The bucket of each of the first ranges. All others go to the buckets in turn.
    private readonly byte[] _buckets;

    /// <summary>Ranges that go to the buckets in turn.</summary>
    /// <param name="first">Where the range of the first bucket begins, see <see cref="DenseTable{TKey, TValue}.OrderOf"/>. There may be keys below.</param>
    /// <param name="shift">The binary logarithm of the keys of a range, up to 63.</param>
    public RangeSpreadPartitioner(long first, int shift)
        : this(first, shift, [])
    {
    }

    private RangeSpreadPartitioner(long first, int shift, byte[] buckets)
    {
        _ranges = (first, shift);
        _buckets = buckets;
    }

    public override int PartitionCount => SpreadPartitioner.BucketCount;

    /// <summary>One range for each bucket, in ascending order and with about as many pairs as each other. There may be other keys, which go to the buckets in turn.</summary>
    /// <param name="keys">As they are distributed, in any order. At least one.</param>
    /// <param name="pairs">Of each pair, the place of its key in <paramref name="keys"/>. Of many, some are looked at.</param>
    /// <returns><see langword="null"/> if the keys lie far apart, or so close together that there is nothing to be cut.</returns>
    public static RangeSpreadPartitioner? TryBalance<TKey>(ReadOnlySpan<TKey> keys, ReadOnlySpan<int> pairs)
    {
        var (least, most) = DenseTable<TKey, int>.RangeOf(keys);
        var width = (ulong)(most - least);
        if (width < SpreadPartitioner.BucketCount || width / MostPlacesPerKey >= (ulong)keys.Length)
        {
            return null;
        }

        var shift = Math.Max(BitOperations.Log2(width) + 1 - CellBits, 0);
        var counts = new int[(int)(width >> shift) + 1];
        var (step, total) = ((pairs.Length / SampledPairs) + 1, 0);
        for (var i = 0; i < pairs.Length; i += step, total++)
        {
            counts[(int)((ulong)(DenseTable<TKey, int>.OrderOf(keys[pairs[i]]) - least) >> shift)]++;
        }

        return new RangeSpreadPartitioner(least, shift, Cut(counts, total));
    }

    public override void PartitionsOf<TKey>(ReadOnlySpan<TKey> keys, Span<int> partitions)
    {
        partitions = partitions[..keys.Length];
        var (first, shift) = _ranges;
        var buckets = _buckets;
        for (var i = 0; i < keys.Length; i++)
        {
            var range = (ulong)(DenseTable<TKey, int>.OrderOf(keys[i]) - first) >> shift;
            partitions[i] = range < (ulong)buckets.Length ? buckets[range] : (int)(range % SpreadPartitioner.BucketCount);
        }
    }

    public override bool Equals(Partitioner? other) => other is RangeSpreadPartitioner spread && spread._ranges == _ranges && spread._buckets.AsSpan().SequenceEqual(_buckets);

    public override int GetHashCode() => _ranges.GetHashCode();

    // A cell goes where its middle lies among all pairs, so buckets ascend with cells.
    private static byte[] Cut(int[] counts, int total)
    {
        var buckets = new byte[counts.Length];
        var before = 0L;
        for (var cell = 0; cell < counts.Length; cell++)
        {
            var bucket = ((2 * before) + counts[cell]) * SpreadPartitioner.BucketCount / (2L * Math.Max(total, 1));
            buckets[cell] = (byte)Math.Min(bucket, SpreadPartitioner.BucketCount - 1);
            before += counts[cell];
        }

        return buckets;
    }
}
