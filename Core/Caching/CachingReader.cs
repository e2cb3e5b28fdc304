using Dpark.Rdds;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Caching;

/// <summary>
/// Reads a partition that is kept here or on another worker, or computes it whole when it is first asked, keeps it and reads it. If it does not fit, reads what was computed and then the
/// rest as it comes. Used by the task's thread.
/// </summary>
internal sealed class CachingReader<T>(
    PartitionCache cache, PartitionKey key, StorageLevel level, TaskContext context, Func<BatchReader<T>> compute) : BatchReader<T>
{
    private BatchReader<T>? _reader;
    private CacheEntry? _kept;

    public override ReadOnlySpan<T> Next()
    {
        var reader = Reader();
        try
        {
            return reader.Next();
        }
        catch (Exception e) when (_kept is not null && e is IOException or InvalidDataException)
        {
            // Elements were given out already, so only a new attempt can start from the beginning.
            cache.Lose(_kept!);
            throw new IOException($"What was kept of {key} on disk cannot be read any more. It is dropped, and the next attempt computes it again. {e.Message}", e);
        }
    }

    internal override bool TryNextKept(out ReadOnlyMemory<T> batch) => Reader().TryNextKept(out batch);

    protected override void Dispose(bool disposing)
    {
        _reader?.Dispose();
        base.Dispose(disposing);
    }

    private BatchReader<T> Reader()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        return _reader ??= Open();
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

        return OpenRemote(entry) ?? Compute(entry);
    }

    // What another worker has is read as it comes and not kept here, too: the driver sends tasks there if it can.
    private RemotePartitionReader<T>? OpenRemote(CacheEntry entry)
    {
        if (cache.Peers is not { } peers || context.CacheHints.HoldersOf(key.Rdd, key.PartitionIndex) is not { Length: > 0 } holders)
        {
            return null;
        }

        var isRead = false;
        var reader = new RemotePartitionReader<T>(peers, key, holders, context);
        try
        {
            isRead = reader.TryOpen();
            return isRead ? reader : null;
        }
        catch
        {
            isRead = true;
            throw;
        }
        finally
        {
            if (isRead)
            {
                cache.Release(entry);
            }
        }
    }

    // Others may want it; those that wait go on meanwhile.
    private void OnKept(CacheEntry entry)
    {
        var workers = new List<WorkerId> { context.Worker };
        if (level.HasCopy() && cache.Peers is { } peers)
        {
            Copy(entry, peers, workers);
        }

        context.KeptPartitions.Add(new(key.Rdd, key.PartitionIndex, [.. workers]));
    }

    private void Copy(CacheEntry entry, ICachePeers peers, List<WorkerId> workers)
    {
        var hints = context.CacheHints;
        var reason = "There is no other worker.";
        foreach (var target in hints.CopyTargets)
        {
            var peer = hints.Workers[target];
            reason = peers.TryCopy(peer, key, level, entry.ContentId, context.CancellationToken);
            if (reason is null)
            {
                workers.Add(peer.Worker);
                return;
            }
        }

        context.Warnings.Add($"Partitions of {key.Rdd} are kept once, although their level {level} asks for a copy. {reason}");
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
                if (cache.Keep(entry, buffer.ToContent(), buffer.RecordCount))
                {
                    OnKept(entry);
                }

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
        if (level.UsesMemory())
        {
            context.Warnings.Add(
                $"Partitions of {key.Rdd} do not fit into memory with the others, and are computed again each time they are needed: {cache.DescribeLimits()}. " +
                $"Give workers more memory, use more and smaller partitions, or keep what does not fit on disk ({nameof(StorageLevel)}.{nameof(StorageLevel.MemoryAndDisk)}).");
        }

        return unkept;
    }

    private BatchReader<T> ComputeToDisk(CacheEntry entry, ChainedReader<T> elements)
    {
        var encoder = new SegmentEncoder<T>(elements);
        try
        {
            using var stream = new SegmentStream(encoder.Next);
            if (cache.KeepOnDisk(entry, stream))
            {
                OnKept(entry);
            }
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
