using System.Runtime.CompilerServices;
using Dpark.Codecs;
using Dpark.Rdds;
using Dpark.Text;

namespace Dpark.Caching;

/// <summary>Holds a partition in memory while it is computed, reserving its bytes as it grows. Used by the task's thread.</summary>
internal abstract class CacheBuffer<T>
{
    /// <summary>Elements held.</summary>
    public long RecordCount { get; protected set; }

    /// <summary>Takes in all of a source.</summary>
    /// <returns><see langword="false"/> if it does not fit: what was pulled is held all the same, and the source has the rest.</returns>
    public abstract bool TryFill(BatchReader<T> source, PartitionCache cache, CacheEntry entry, CancellationToken cancellationToken);

    /// <summary>What is held, to be kept.</summary>
    public abstract CachedContent ToContent();

    /// <summary>Reads what is held.</summary>
    public abstract BatchReader<T> Read();
}

/// <summary>Holds objects.</summary>
internal sealed class BatchCacheBuffer<T> : CacheBuffer<T>
{
    private readonly List<T[]> _batches = [];

    public override bool TryFill(BatchReader<T> source, PartitionCache cache, CacheEntry entry, CancellationToken cancellationToken)
    {
        var allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        for (var batch = source.Next(); !batch.IsEmpty; batch = source.Next())
        {
            cancellationToken.ThrowIfCancellationRequested();
            _batches.Add(batch.ToArray());
            BorrowedBytes<T>.KeepAll(_batches[^1]);
            RecordCount += batch.Length;
            var bytes = Measure(_batches[^1], GC.GetAllocatedBytesForCurrentThread() - allocatedBefore);
            if (!cache.TryReserve(entry, bytes))
            {
                return false;
            }

            allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        }

        return true;
    }

    public override CachedContent ToContent() => new CachedBatches<T>([.. _batches]);

    public override BatchReader<T> Read() => new ArraysReader<T>(_batches);

    // The codec knows what records are made of. For a type without one, no more can be kept than the thread has allocated.
    private static long Measure(ReadOnlySpan<T> batch, long allocated)
    {
        const int ArrayHeaderBytes = 24;
        return CodecOrNull.Value is { } codec
            ? ArrayHeaderBytes + ((long)batch.Length * Unsafe.SizeOf<T>()) + (codec.IsInline ? 0 : codec.HeapBytes(batch, depth: 0))
            : allocated;
    }

    private static class CodecOrNull
    {
        public static readonly RecordCodec<T>? Value = Find();

        private static RecordCodec<T>? Find()
        {
            try
            {
                return RecordCodec<T>.Default;
            }
            catch (UnsupportedRecordTypeException)
            {
                return null;
            }
        }
    }
}

/// <summary>Holds encoded segments.</summary>
internal sealed class SegmentCacheBuffer<T> : CacheBuffer<T>
{
    private readonly List<EncodedSegment> _segments = [];

    public override bool TryFill(BatchReader<T> source, PartitionCache cache, CacheEntry entry, CancellationToken cancellationToken)
    {
        var encoder = new SegmentEncoder<T>(source);
        while (encoder.Next() is { } segment)
        {
            cancellationToken.ThrowIfCancellationRequested();
            _segments.Add(segment);
            RecordCount = encoder.RecordCount;
            if (!cache.TryReserve(entry, segment.Bytes.Length))
            {
                return false;
            }
        }

        return true;
    }

    public override CachedContent ToContent() => new CachedSegments([.. _segments]);

    public override BatchReader<T> Read() => new SegmentReader<T>(_segments);
}
