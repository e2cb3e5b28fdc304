using Dpark.Codecs;
using Dpark.Rdds;
using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Caching;

/// <summary>
/// Reads a partition that is kept, or computes it whole when it is first asked, keeps it and reads it. If it does not fit, reads what was computed and then the
/// rest as it comes. Used by the task's thread.
/// </summary>
internal sealed class CachingReader<T>(PartitionCache cache, PartitionCache.PartitionKey key, TaskContext context, Func<BatchReader<T>> compute) : BatchReader<T>
{
    private T[][] _batches = [];
    private int _position;
    private BatchReader<T>? _rest;
    private bool _isOpen;

    public override ReadOnlySpan<T> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        if (!_isOpen)
        {
            Open();
            _isOpen = true;
        }

        if (_position < _batches.Length)
        {
            return _batches[_position++];
        }

        return _rest is null ? default : _rest.Next();
    }

    protected override void Dispose(bool disposing)
    {
        _rest?.Dispose();
        _rest = null;
        _batches = [];
        base.Dispose(disposing);
    }

    private void Open()
    {
        if (cache.TryGet(key, context.CancellationToken, out var entry))
        {
            _batches = (T[][])entry.Batches!;
            return;
        }

        var source = default(BatchReader<T>);
        try
        {
            source = compute();
            if (TryComputeAll(source, entry, out var recordCount))
            {
                source.Dispose();
                cache.Keep(entry, _batches, recordCount);
                return;
            }
        }
        catch
        {
            source?.Dispose();
            cache.Release(entry);
            throw;
        }

        _rest = source;
        cache.Release(entry);
    }

    private bool TryComputeAll(BatchReader<T> source, PartitionCache.Entry entry, out long recordCount)
    {
        var batches = new List<T[]>();
        var fits = true;
        recordCount = 0;
        var allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
        for (var batch = source.Next(); !batch.IsEmpty; batch = source.Next())
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            batches.Add(batch.ToArray());
            BorrowedBytes<T>.KeepAll(batches[^1]);
            recordCount += batch.Length;
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            fits = cache.TryReserve(entry, Measure(batch, allocated - allocatedBefore));
            allocatedBefore = GC.GetAllocatedBytesForCurrentThread();
            if (!fits)
            {
                break;
            }
        }

        _batches = [.. batches];
        return fits;
    }

    // The codec knows what records are made of. For a type without one, no more can be kept than the thread has allocated.
    private static long Measure(ReadOnlySpan<T> batch, long allocated)
    {
        const int ArrayHeaderBytes = 24;
        return CodecOrNull.Value is { } codec
            ? ArrayHeaderBytes + ((long)batch.Length * System.Runtime.CompilerServices.Unsafe.SizeOf<T>()) + (codec.IsInline ? 0 : codec.HeapBytes(batch, depth: 0))
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
