using System.Runtime.CompilerServices;
using Dpark.Partitioning;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>The keys of a buffer in the order in which they are written: by bucket, and within a bucket by hash where runs are merged. Used by one thread.</summary>
internal sealed class KeyOrder : IDisposable
{
    private readonly int[] _starts;
    private PooledList<int> _numbers = new();

    private KeyOrder(int bucketCount) => _starts = new int[bucketCount + 1];

    /// <summary>Orders keys by the bucket that a partitioner puts them into.</summary>
    /// <param name="numbers">Their numbers, in the same order; equal buckets keep it.</param>
    public static KeyOrder ByBucket<TKey>(ReadOnlySpan<TKey> keys, ReadOnlySpan<int> numbers, Partitioner partitioner)
    {
        var order = new KeyOrder(partitioner.PartitionCount);
        var buckets = new PooledList<int>();
        try
        {
            order.Sort(Partitions.Of(partitioner, keys, ref buckets), numbers);
            return order;
        }
        catch
        {
            order.Dispose();
            throw;
        }
        finally
        {
            buckets.Dispose();
        }
    }

    /// <summary>One bucket with room for so many keys, whose numbers the caller fills in.</summary>
    public static KeyOrder OneBucket(int count)
    {
        var order = new KeyOrder(1);
        order._starts[1] = count;
        order._numbers.ExtendTo(count);
        return order;
    }

    /// <summary>Numbers from 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Number(Span<int> numbers)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = i;
        }
    }

    /// <summary>All keys.</summary>
    public int Count => _starts[^1];

    /// <summary>The keys of one bucket.</summary>
    public Span<int> NumbersOf(int bucket) => _numbers.Span[_starts[bucket].._starts[bucket + 1]];

    /// <summary>Orders the keys of each bucket by hash.</summary>
    /// <param name="buffer">Which knows their hashes.</param>
    public void SortByHash<TKey, TIn, TOut>(PairBuffer<TKey, TIn, TOut> buffer)
    {
        var hashes = new PooledList<ulong>();
        try
        {
            for (var bucket = 0; bucket < _starts.Length - 1; bucket++)
            {
                var numbers = NumbersOf(bucket);
                hashes.Clear();
                var keys = hashes.ExtendTo(numbers.Length);
                buffer.HashesOf(numbers, keys);
                keys.Sort(numbers);
            }
        }
        finally
        {
            hashes.Dispose();
        }
    }

    /// <summary>Returns the memory.</summary>
    public void Dispose() => _numbers.Dispose();

    // By counting, so equal buckets keep their order.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sort(ReadOnlySpan<int> buckets, ReadOnlySpan<int> numbers)
    {
        foreach (var bucket in buckets)
        {
            _starts[bucket + 1]++;
        }

        for (var bucket = 1; bucket < _starts.Length; bucket++)
        {
            _starts[bucket] += _starts[bucket - 1];
        }

        var next = _starts.AsSpan(0, _starts.Length - 1).ToArray();
        var sorted = _numbers.ExtendTo(buckets.Length);
        for (var i = 0; i < buckets.Length; i++)
        {
            sorted[next[buckets[i]]++] = numbers[i];
        }
    }
}

/// <summary>Asks partitioners, which may be the user's, and checks what they say.</summary>
internal static class Partitions
{
    /// <summary>The partition of each key.</summary>
    /// <param name="partitions">Memory for the result.</param>
    public static ReadOnlySpan<int> Of<TKey>(Partitioner partitioner, ReadOnlySpan<TKey> keys, ref PooledList<int> partitions)
    {
        var result = partitions.ExtendTo(keys.Length)[..keys.Length];
        for (var start = 0; start < keys.Length; start += BatchReader.Capacity)
        {
            var count = Math.Min(BatchReader.Capacity, keys.Length - start);
            partitioner.PartitionsOf(keys.Slice(start, count), result.Slice(start, count));
        }

        var wrong = result.IndexOfAnyExceptInRange(0, partitioner.PartitionCount - 1);
        if (wrong >= 0)
        {
            throw new InvalidOperationException(
                $"The partitioner {partitioner.GetType()} put a key into partition {result[wrong]}, and it has {partitioner.PartitionCount}. " +
                "Its results must be from 0 to its number of partitions, exclusive.");
        }

        return result;
    }
}
