using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dpark.Partitioning;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>Finds out which of keys in a row are in which bucket: a bit per key and bucket, words of 64 keys, the words of the first bucket first. Used by one thread.</summary>
/// <param name="wordCount">Words per bucket.</param>
internal readonly ref struct BucketMarks<TKey>(Partitioner partitioner, Span<ulong> marked, int wordCount)
{
    private const int BitsPerWord = 64;
    private const int WordsPerBatch = BatchReader.Capacity / BitsPerWord;

    // Up to so many it is faster to look at the partitions of all keys of a word for each bucket than to look at each key.
    private const int FewBuckets = 8;

    private readonly Span<ulong> _marked = marked;

    /// <summary>Asks the partitioner for the bucket of each key. What is marked was 0 before.</summary>
    /// <param name="keys">A bit for each key that there is; no longer than the words of a bucket.</param>
    /// <param name="first">The key of the first bit, see <see cref="DenseTable{TKey, TValue}.OrderOf"/>.</param>
    public void Mark(ReadOnlySpan<ulong> keys, long first)
    {
        var listed = BatchArrays.Rent<TKey>(BatchReader.Capacity);
        var partitions = new PooledList<int>();
        try
        {
            for (var start = 0; start < keys.Length; start += WordsPerBatch)
            {
                var words = keys.Slice(start, Math.Min(WordsPerBatch, keys.Length - start));
                var count = List(words, first + ((long)start * BitsPerWord), listed);
                Mark(words, start, Partitions.Of<TKey>(partitioner, listed.AsSpan(0, count), ref partitions));
            }
        }
        finally
        {
            partitions.Dispose();
            BatchArrays.Return(ref listed);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int List(ReadOnlySpan<ulong> words, long first, Span<TKey> keys)
    {
        var count = 0;
        foreach (var bits in words)
        {
            if (bits == ulong.MaxValue)
            {
                var order = first;
                foreach (ref var key in keys.Slice(count, BitsPerWord))
                {
                    key = DenseTable<TKey, int>.KeyOf(order++);
                }

                count += BitsPerWord;
            }
            else
            {
                for (var word = bits; word != 0; word &= word - 1)
                {
                    keys[count++] = DenseTable<TKey, int>.KeyOf(first + BitOperations.TrailingZeroCount(word));
                }
            }

            first += BitsPerWord;
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mark(ReadOnlySpan<ulong> words, int start, ReadOnlySpan<int> partitions)
    {
        if (Bmi2.X64.IsSupported && Vector256.IsHardwareAccelerated && partitioner.PartitionCount <= FewBuckets)
        {
            MarkFew(words, start, partitions);
            return;
        }

        var next = 0;
        for (var i = 0; i < words.Length; i++)
        {
            for (var word = words[i]; word != 0; word &= word - 1)
            {
                _marked[(partitions[next++] * wordCount) + start + i] |= word & (0 - word);
            }
        }
    }

    // All keys of a word at once, bucket by bucket. The first bucket has those that no other one has.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MarkFew(ReadOnlySpan<ulong> words, int start, ReadOnlySpan<int> partitions)
    {
        var bucketCount = partitioner.PartitionCount;
        for (var i = 0; i < words.Length; i++)
        {
            var word = words[i];
            var some = partitions[..BitOperations.PopCount(word)];
            partitions = partitions[some.Length..];
            var left = word;
            for (var bucket = 1; bucket < bucketCount; bucket++)
            {
                var bits = Bmi2.X64.ParallelBitDeposit(BitsOf(some, bucket), word);
                _marked[(bucket * wordCount) + start + i] = bits;
                left &= ~bits;
            }

            _marked[start + i] = left;
        }
    }

    /// <summary>A bit for each of at most 64 partitions that is the bucket.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong BitsOf(ReadOnlySpan<int> partitions, int bucket)
    {
        var bits = 0UL;
        var i = 0;
        for (; i <= partitions.Length - Vector256<int>.Count; i += Vector256<int>.Count)
        {
            bits |= (ulong)Vector256.Equals(Vector256.Create(partitions[i..]), Vector256.Create(bucket)).ExtractMostSignificantBits() << i;
        }

        for (; i < partitions.Length; i++)
        {
            bits |= (partitions[i] == bucket ? 1UL : 0) << i;
        }

        return bits;
    }
}
