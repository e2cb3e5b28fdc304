using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Codecs;
using Dpark.Configuration;
using Dpark.Partitioning;

namespace Dpark.Shuffle;

/// <summary>The pairs of a buffer by bucket, ready to be written. The pairs stay with the buffer. Used by one thread.</summary>
internal interface IBucketFrames : IDisposable
{
    /// <summary>About as many bytes as <see cref="Write"/> appends.</summary>
    long ExpectedBytes { get; }

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
        _memory = new PageMemory((long)bucketCount * wordCount * sizeof(ulong), zeroBytes: 0);
    }

    /// <inheritdoc/>
    public long ExpectedBytes
    {
        get
        {
            var bytes = (long)_table.Count * RecordCodec<TValue>.Default.MostBytesOf(_table.Values);
            for (var bucket = 0; bucket < _bucketCount; bucket++)
            {
                var words = WordsOf(bucket);
                bytes += (long)(words.Length - words.Count(0UL)) * sizeof(ulong);
            }

            return bytes;
        }
    }

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
        using var values = new RecordBuffer();
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
                writer.RecordCount += DenseFrame<TKey, TValue>.Append(_table, words, _firstWord + start + first, values, frame);
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
        var first = _table.First + ((long)_firstWord * BitsPerWord);
        if (KeyBuckets<TKey>.TryGet(partitioner, first, _wordCount, _table.Count) is { } known)
        {
            for (var bucket = 0; bucket < _bucketCount; bucket++)
            {
                known.Mark(bucket, first, used, WordsOf(bucket));
            }
        }
        else
        {
            _memory.Clear();
            new BucketMarks<TKey>(partitioner, MemoryMarshal.CreateSpan(ref Unsafe.As<byte, ulong>(ref _memory.Start), _bucketCount * _wordCount), _wordCount).Mark(used, first);
        }
    }
}
