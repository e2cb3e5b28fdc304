using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Caching;

/// <summary>
/// Reads a partition that is kept, or computes it whole when it is first asked, keeps it and reads it. If it does not fit, reads what was computed and then the
/// rest as it comes. Used by the task's thread.
/// </summary>
internal sealed class CachingReader<T>(
    PartitionCache cache, PartitionKey key, StorageLevel level, TaskContext context, Func<BatchReader<T>> compute) : BatchReader<T>
{
    private BatchReader<T>? _reader;
    private CacheEntry? _kept;

    public override ReadOnlySpan<T> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        _reader ??= Open();
        try
        {
            return _reader.Next();
        }
        catch (Exception e) when (_kept is not null && e is IOException or InvalidDataException)
        {
            // Elements were given out already, so only a new attempt can start from the beginning.
            cache.Lose(_kept!);
            throw new IOException($"What was kept of {key} on disk cannot be read any more. It is dropped, and the next attempt computes it again. {e.Message}", e);
        }
    }

    protected override void Dispose(bool disposing)
    {
        _reader?.Dispose();
        base.Dispose(disposing);
    }

    private BatchReader<T> Open()
    {
        CacheEntry entry;
        while (cache.TryGet(key, level, context.CancellationToken, out entry))
        {
            if (OpenKept(entry) is { } reader)
            {
                return reader;
            }
        }

        return Compute(entry);
    }

    private BatchReader<T>? OpenKept(CacheEntry entry)
    {
        var reader = cache.TryOpen<T>(entry);
        _kept = reader is null ? null : entry;
        return reader;
    }

    private BatchReader<T> Compute(CacheEntry entry)
    {
        var source = default(BatchReader<T>);
        ChainedReader<T> unkept;
        try
        {
            source = compute();
            CacheBuffer<T>? buffer = level.IsSerialized() ? new SegmentCacheBuffer<T>() : level.UsesMemory() ? new BatchCacheBuffer<T>() : null;
            if (buffer is not null && buffer.TryFill(source, cache, entry, context.CancellationToken))
            {
                source.Dispose();
                cache.Keep(entry, buffer.ToContent(), buffer.RecordCount);
                return buffer.Read();
            }

            unkept = new(buffer is null ? [source] : [buffer.Read(), source]);
        }
        catch
        {
            source?.Dispose();
            cache.Release(entry);
            throw;
        }

        if (cache.CanUseDisk(entry))
        {
            return ComputeToDisk(entry, unkept);
        }

        cache.Release(entry);
        return unkept;
    }

    private BatchReader<T> ComputeToDisk(CacheEntry entry, ChainedReader<T> elements)
    {
        var encoder = new SegmentEncoder<T>(elements);
        try
        {
            using var stream = new SegmentStream(encoder.Next);
            cache.KeepOnDisk(entry, stream, () => encoder.RecordCount);
        }
        catch (Exception e)
        {
            cache.Release(entry);
            encoder.Failure?.Throw();
            if (e is not IOException)
            {
                throw;
            }

            context.Warnings.Add($"A partition of {key.Rdd} is not kept, and computed again when it is needed. {e.Message}");
        }
        finally
        {
            elements.Dispose();
        }

        // What was pulled is on disk, or gone.
        return OpenKept(entry) ?? compute();
    }
}
