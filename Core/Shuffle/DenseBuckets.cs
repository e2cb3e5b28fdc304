using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Dpark.Codecs;
using Dpark.Configuration;
using Dpark.Partitioning;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>The pairs of a buffer by bucket, ready to be written. The pairs stay with the buffer. Used by one thread.</summary>
internal interface IBucketFrames : IDisposable
{
    /// <summary>Fewest bytes that <see cref="Write"/> appends.</summary>
    long LeastBytes { get; }

    /// <summary>Appends the frames of all buckets. May be called again, with another writer.</summary>
    void Write(ShuffleFileWriter writer, ShuffleOptions options, CancellationToken cancellationToken);
}

/// <summary>
/// Which pairs of a dense table are in which bucket, a bit per place and bucket: no list of places is made and sorted, and the buckets are written as
/// <see cref="DenseFrame{TKey, TValue}"/>. Used by one thread.
/// </summary>
internal sealed unsafe class DenseBuckets<TKey, TValue> : IBucketFrames
{
    private const int BitsPerWord = DenseFrame<TKey, TValue>.BitsPerWord;

    // The bits of all buckets take at most half as much as the keys that they stand for.
    private const int LeastGain = 2;

    // Up to so many it is faster to look at the partitions of all keys of a word for each bucket than to look at each key.
    private const int FewBuckets = 8;

    private readonly DenseTable<TKey, TValue> _table;
    private readonly int _bucketCount;
    private readonly int _firstWord;
    private readonly int _wordCount;
    private readonly PageMemory _memory;

    private DenseBuckets(DenseTable<TKey, TValue> table, int bucketCount, int firstWord, int wordCount)
    {
        _table = table;
        _bucketCount = bucketCount;
        _firstWord = firstWord;
        _wordCount = wordCount;
        _memory = new PageMemory((long)bucketCount * wordCount * sizeof(ulong));
    }

    /// <inheritdoc/>
    public long LeastBytes => ((long)_table.Count * Unsafe.SizeOf<TValue>()) + ((long)_wordCount * sizeof(ulong));

    /// <summary>Asks a partitioner for the bucket of each key.</summary>
    /// <returns><see langword="null"/> if the bits would take too much memory beside the pairs, because keys are scattered or buckets are many. The caller disposes it.</returns>
    public static DenseBuckets<TKey, TValue>? TryCreate(DenseTable<TKey, TValue> table, Partitioner partitioner)
    {
        var used = table.Used;
        var first = used.IndexOfAnyExcept(0UL);
        if (first < 0 || !DenseFrame<TKey, TValue>.IsSupported)
        {
            return null;
        }

        var wordCount = used.LastIndexOfAnyExcept(0UL) + 1 - first;
        if ((long)wordCount * sizeof(ulong) * partitioner.PartitionCount > (long)table.Count * Unsafe.SizeOf<TKey>() / LeastGain)
        {
            return null;
        }

        var buckets = new DenseBuckets<TKey, TValue>(table, partitioner.PartitionCount, first, wordCount);
        try
        {
            buckets.Mark(used.Slice(first, wordCount), partitioner);
            return buckets;
        }
        catch
        {
            buckets.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Write(ShuffleFileWriter writer, ShuffleOptions options, CancellationToken cancellationToken)
    {
        using var compressed = new RecordBuffer();
        using var frame = new RecordBuffer();
        var wordsPerFrame = Math.Max(1, options.FrameBytes / (sizeof(ulong) + (BitsPerWord * Unsafe.SizeOf<TValue>())));
        writer.RecordCount = 0;
        for (var bucket = 0; bucket < _bucketCount; bucket++)
        {
            for (var start = 0; start < _wordCount; start += wordsPerFrame)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var words = WordsOf(bucket).Slice(start, Math.Min(wordsPerFrame, _wordCount - start));
                var first = words.IndexOfAnyExcept(0UL);
                if (first < 0)
                {
                    continue;
                }

                words = words[first..(words.LastIndexOfAnyExcept(0UL) + 1)];
                frame.Truncate(0);
                frame.Append((long)ShuffleFrame.HeaderLength);
                writer.RecordCount += DenseFrame<TKey, TValue>.Append(_table, words, _firstWord + start + first, frame);
                writer.Append(bucket, ShuffleFrame.Seal(frame.Written(0, frame.Length), ShuffleFrame.DenseKind, options.Compression, compressed));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private Span<ulong> WordsOf(int bucket) =>
        MemoryMarshal.CreateSpan(ref Unsafe.Add(ref Unsafe.As<byte, ulong>(ref _memory.Start), (nint)bucket * _wordCount), _wordCount);

    private void Mark(ReadOnlySpan<ulong> used, Partitioner partitioner)
    {
        const int WordsPerBatch = BatchReader.Capacity / BitsPerWord;
        var keys = new TKey[BatchReader.Capacity];
        var partitions = new PooledList<int>();
        try
        {
            for (var start = 0; start < used.Length; start += WordsPerBatch)
            {
                var words = used.Slice(start, Math.Min(WordsPerBatch, used.Length - start));
                var count = ListKeys(words, _firstWord + start, keys);
                Mark(words, start, Partitions.Of<TKey>(partitioner, keys.AsSpan(0, count), ref partitions));
            }
        }
        finally
        {
            partitions.Dispose();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ListKeys(ReadOnlySpan<ulong> words, int firstWord, Span<TKey> keys)
    {
        var count = 0;
        for (var i = 0; i < words.Length; i++)
        {
            var start = (firstWord + i) * BitsPerWord;
            if (words[i] == ulong.MaxValue)
            {
                foreach (ref var key in keys.Slice(count, BitsPerWord))
                {
                    key = _table.KeyAt(start++);
                }

                count += BitsPerWord;
                continue;
            }

            for (var word = words[i]; word != 0; word &= word - 1)
            {
                keys[count++] = _table.KeyAt(start + BitOperations.TrailingZeroCount(word));
            }
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Mark(ReadOnlySpan<ulong> words, int start, ReadOnlySpan<int> partitions)
    {
        if (Bmi2.X64.IsSupported && Vector256.IsHardwareAccelerated && _bucketCount <= FewBuckets)
        {
            MarkFew(words, start, partitions);
            return;
        }

        var marked = (ulong*)Unsafe.AsPointer(ref _memory.Start) + start;
        var next = 0;
        for (var i = 0; i < words.Length; i++)
        {
            for (var word = words[i]; word != 0; word &= word - 1)
            {
                marked[((nint)partitions[next++] * _wordCount) + i] |= word & (0 - word);
            }
        }
    }

    // All keys of a word at once, bucket by bucket. The first bucket has those that no other one has.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MarkFew(ReadOnlySpan<ulong> words, int start, ReadOnlySpan<int> partitions)
    {
        var marked = (ulong*)Unsafe.AsPointer(ref _memory.Start) + start;
        for (var i = 0; i < words.Length; i++)
        {
            var word = words[i];
            var some = partitions[..BitOperations.PopCount(word)];
            partitions = partitions[some.Length..];
            var left = word;
            for (var bucket = 1; bucket < _bucketCount; bucket++)
            {
                var bits = Bmi2.X64.ParallelBitDeposit(BitsOf(some, bucket), word);
                marked[((nint)bucket * _wordCount) + i] = bits;
                left &= ~bits;
            }

            marked[i] = left;
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
