using Dpark.Applications;
using Dpark.Codecs;
using Dpark.Configuration;
using Dpark.Memory;
using Dpark.Rdds;
using Dpark.Storage;
using Dpark.Tasks;

namespace Dpark.Caching;

/// <summary>Cached partitions of one worker, in memory and on disk; memory is taken from the least recently used one first. Thread-safe.</summary>
/// <remarks>
/// <para>A partition is in one of two states: being computed by one task, for which others wait, or kept. Its bytes are reserved piece by piece while it is
/// computed, which may take memory from kept partitions of other RDDs, never of the same one: an RDD that does not fit would drop its own partitions in a circle.
/// When the reservation fails, the task goes on without keeping, or writes to disk if the level says so, and those that wait compute for themselves.</para>
/// <para>A partition whose memory is needed is written to disk first if its level says so, by the task that needs the memory and outside the lock; until the file
/// is complete it is read from memory. Dropping a partition does not disturb who is reading it.</para>
/// <para>For people who change it: a block on disk has a name that is never used again, so that deleting one cannot hit a later one of the same partition.</para>
/// </remarks>
public sealed partial class PartitionCache : IPartitionCache
{
    private const int RememberedApplications = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<PartitionKey, CacheEntry> _entries = [];
    private readonly LinkedList<CacheEntry> _byUse = [];
    private readonly EndedNames<AppId> _ended = new(RememberedApplications);
    private readonly CacheOptions _options;
    private readonly IBlockStore? _disk;
    private readonly WorkerMemory _memory;
    private readonly Action<CacheChange>? _onChange;
    private long _bytes;
    private long _blocks;

    /// <summary>Makes an empty cache.</summary>
    /// <param name="disk">Takes what goes to disk. <see langword="null"/>: nothing goes there.</param>
    /// <param name="onChange">
    /// Told what is kept and what is dropped, in order, except for what goes with its application. Called under the cache's lock: must return at once and not throw.
    /// </param>
    /// <param name="memory">What the cache shares with tasks. <see langword="null"/>: nothing.</param>
    public PartitionCache(CacheOptions options, IBlockStore? disk = null, Action<CacheChange>? onChange = null, WorkerMemory? memory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _disk = disk;
        _onChange = onChange;
        _memory = memory ?? WorkerMemory.Unlimited;
        _memory.SetEvictor(EvictForTasks);
    }

    /// <summary>Bytes of memory of all partitions kept or being computed, estimated.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    /// <inheritdoc/>
    public BatchReader<T> GetOrCompute<T>(Rdd<T> rdd, Partition partition, TaskContext context, Func<BatchReader<T>> compute)
    {
        ArgumentNullException.ThrowIfNull(rdd);
        return new CachingReader<T>(this, new PartitionKey(context.Attempt.Application, rdd.Id, partition.Index), rdd.StorageLevel, context, compute);
    }

    /// <summary>What is kept for an application now, in no particular order.</summary>
    public CachedPartition[] List(AppId application)
    {
        lock (_lock)
        {
            return [.. _entries.Values.Where(entry => entry.IsKept && entry.Key.Application == application).Select(entry => entry.Describe())];
        }
    }

    /// <summary>Drops the partitions of one RDD. What tasks are computing at this moment is not kept.</summary>
    public void DropRdd(AppId application, RddId rdd) => Drop(key => key.Application == application && key.Rdd == rdd, Evict);

    /// <summary>Drops everything of an application. What its tasks are still computing is not kept.</summary>
    public void DropApplication(AppId application)
    {
        _ended.Add(application);
        Drop(key => key.Application == application, Remove);
    }

    /// <summary>Finds a kept partition, or makes the caller the one who computes it. Waits while another task computes it.</summary>
    /// <param name="level">Where to keep it, if it is not there.</param>
    /// <param name="entry">Kept, or to be ended with <see cref="Keep"/>, <see cref="KeepOnDisk"/> or <see cref="Release"/>.</param>
    /// <returns>Whether it is kept.</returns>
    /// <exception cref="OperationCanceledException">The task was cancelled while it waited.</exception>
    internal bool TryGet(PartitionKey key, StorageLevel level, CancellationToken cancellationToken, out CacheEntry entry)
    {
        while (true)
        {
            lock (_lock)
            {
                if (!_entries.TryGetValue(key, out var found))
                {
                    entry = new CacheEntry(key, level);
                    _entries.Add(key, entry);
                    return false;
                }

                entry = found;
                Touch(entry);
                if (entry.IsKept)
                {
                    return true;
                }
            }

            entry.Ended.Wait(cancellationToken);
        }
    }

    /// <summary>Opens what is kept.</summary>
    /// <returns><see langword="null"/> if it is on disk and not readable there. It is dropped then.</returns>
    internal BatchReader<T>? TryOpen<T>(CacheEntry entry)
    {
        CachedContent? content;
        BlockId? block;
        lock (_lock)
        {
            (content, block) = (entry.Content, entry.Block);
        }

        switch (content)
        {
            case CachedBatches<T> batches:
                return new ArraysReader<T>(batches.Batches);
            case CachedSegments segments:
                return new SegmentReader<T>(segments.Segments);
        }

        if (block is { } stored && OpenBlock<T>(stored) is { } reader)
        {
            return reader;
        }

        Lose(entry);
        return null;
    }

    /// <summary>Reserves bytes for a partition that is being computed, taking them from others if that helps.</summary>
    /// <returns><see langword="false"/> if it does not fit. Nothing was dropped then.</returns>
    internal bool TryReserve(CacheEntry entry, long bytes)
    {
        while (true)
        {
            CacheEntry[] toWrite;
            lock (_lock)
            {
                if (FindVictims(entry.Key, Math.Max(_bytes + bytes - _options.MaxBytes, _memory.MissingForCache(bytes))) is not { } victims)
                {
                    return false;
                }

                toWrite = EvictOrTakeOut(victims);
                if (toWrite.Length == 0 && _memory.TryTakeForCache(bytes))
                {
                    entry.Bytes += bytes;
                    _bytes += bytes;
                    return true;
                }
            }

            // Somebody else may take what becomes free, so it is looked for again.
            Array.ForEach(toWrite, MoveToDisk);
        }
    }

    /// <summary>Keeps a partition that was computed in memory, unless it is unwanted by now.</summary>
    /// <returns>Whether it is kept.</returns>
    internal bool Keep(CacheEntry entry, CachedContent content, long recordCount)
    {
        bool isKept;
        lock (_lock)
        {
            isKept = !IsUnwanted(entry);
            if (!isKept)
            {
                Remove(entry);
            }
            else
            {
                entry.Content = content;
                entry.RecordCount = recordCount;
                entry.Place = _byUse.AddLast(entry);
                Tell(entry, entry.Describe());
            }
        }

        entry.Ended.Set();
        return isKept;
    }

    /// <summary>Writes a partition that is being computed to disk and keeps it there, unless it is unwanted by now.</summary>
    /// <param name="source">Read to its end.</param>
    /// <returns>Whether it is kept.</returns>
    /// <exception cref="IOException">It could not be written, or the source failed. The entry is still to be ended.</exception>
    internal bool KeepOnDisk(CacheEntry entry, SegmentStream source)
    {
        var block = NewBlock(entry);
        _disk!.Put(block, source);
        bool isKept;
        lock (_lock)
        {
            isKept = !IsUnwanted(entry);
            if (!isKept)
            {
                Remove(entry);
                _disk.Delete(block);
            }
            else
            {
                SetOnDisk(entry, block, source);
                entry.RecordCount = source.RecordCount;
                Tell(entry, entry.Describe());
            }
        }

        entry.Ended.Set();
        return isKept;
    }

    /// <summary>Gives up a partition that was being computed. Who waits for it computes it. Does nothing if it is kept, or was given up before.</summary>
    internal void Release(CacheEntry entry)
    {
        lock (_lock)
        {
            if (!entry.IsKept && _entries.TryGetValue(entry.Key, out var current) && current == entry)
            {
                Remove(entry);
            }
        }

        entry.Ended.Set();
    }

    /// <summary>What was kept turned out to be unreadable.</summary>
    internal void Lose(CacheEntry entry)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(entry.Key, out var current) || current != entry)
            {
                return;
            }

            Evict(entry);
        }

        DeleteBlock(entry);
    }

    /// <summary>What all partitions of a worker may take, as a clause.</summary>
    internal string DescribeLimits() =>
        $"a worker keeps up to {ByteText.Of(_options.MaxBytes)} of them (Dpark:Cache:MaxBytes), and has {ByteText.Of(_memory.BudgetBytes)} for them and tasks together (Dpark:Memory:BudgetBytes)";

    /// <summary>Whether the level's disk is there.</summary>
    internal bool CanUseDisk(CacheEntry entry) => _disk is not null && entry.Level.UsesDisk();

    private StoredSegmentReader<T>? OpenBlock<T>(BlockId block)
    {
        StoredSegmentReader<T>? reader = null;
        try
        {
            if (_disk!.TryOpen(block) is not { } stream)
            {
                return null;
            }

            // Most damage shows here, before anybody has seen an element.
            reader = new StoredSegmentReader<T>(stream, stream.Length);
            reader.Load();
            return reader;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            reader?.Dispose();
            return null;
        }
    }

    /// <returns><see langword="null"/> if they do not suffice.</returns>
    private List<CacheEntry>? FindVictims(PartitionKey key, long missing)
    {
        var victims = new List<CacheEntry>();
        for (var place = _byUse.First; place is not null && missing > 0; place = place.Next)
        {
            if (place.Value.Key.Application != key.Application || place.Value.Key.Rdd != key.Rdd)
            {
                victims.Add(place.Value);
                missing -= place.Value.Bytes;
            }
        }

        return missing > 0 ? null : victims;
    }

    /// <summary>Drops what was used least recently, or writes it to disk, until so many bytes are free.</summary>
    private long EvictForTasks(long bytes)
    {
        List<CacheEntry> victims = [];
        CacheEntry[] toWrite;
        var freed = 0L;
        lock (_lock)
        {
            for (var place = _byUse.First; place is not null && freed < bytes; place = place.Next)
            {
                victims.Add(place.Value);
                freed += place.Value.Bytes;
            }

            toWrite = EvictOrTakeOut(victims);
        }

        Array.ForEach(toWrite, MoveToDisk);
        return freed;
    }

    /// <returns>Those that are to be written to disk, which nobody else chooses meanwhile. The others are dropped.</returns>
    private CacheEntry[] EvictOrTakeOut(List<CacheEntry> victims)
    {
        CacheEntry[] toWrite = [.. victims.Where(CanGoToDisk)];
        foreach (var victim in victims)
        {
            if (!CanGoToDisk(victim))
            {
                Evict(victim);
                continue;
            }

            _byUse.Remove(victim.Place!);
            victim.Place = null;
        }

        return toWrite;
    }

    private bool CanGoToDisk(CacheEntry entry) => entry.Content is not null && CanUseDisk(entry);

    private void MoveToDisk(CacheEntry entry)
    {
        BlockId? written = NewBlock(entry);
        using var content = entry.Content!.Encode();
        try
        {
            _disk!.Put(written.Value, content);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or UnsupportedRecordTypeException)
        {
            // It is computed again when it is needed.
            written = null;
        }

        lock (_lock)
        {
            if (!_entries.TryGetValue(entry.Key, out var current) || current != entry)
            {
                // Dropped meanwhile.
                if (written is { } unwanted)
                {
                    _disk!.Delete(unwanted);
                }
            }
            else if (written is { } block)
            {
                SetOnDisk(entry, block, content);
            }
            else
            {
                Evict(entry);
            }
        }
    }

    private void SetOnDisk(CacheEntry entry, BlockId block, SegmentStream written)
    {
        entry.Block = block;
        entry.Places = written.Places;
        entry.BlockBytes = _disk!.TryGetLength(block) ?? 0;
        entry.Content = null;
        _bytes -= entry.Bytes;
        _memory.ReturnFromCache(entry.Bytes);
        entry.Bytes = 0;
    }

    private void Touch(CacheEntry entry)
    {
        if (entry.Place is not null)
        {
            _byUse.Remove(entry.Place);
            _byUse.AddLast(entry.Place);
        }
    }

    private BlockId NewBlock(CacheEntry entry) => new(
        entry.Key.Application, $"cached-{entry.Key.Rdd}-{entry.Key.PartitionIndex}.{Interlocked.Increment(ref _blocks)}");

    private bool IsUnwanted(CacheEntry entry) => entry.IsUnwanted || _ended.Contains(entry.Key.Application);

    private void Drop(Func<PartitionKey, bool> isMeant, Action<CacheEntry> drop)
    {
        var dropped = new List<CacheEntry>();
        lock (_lock)
        {
            foreach (var entry in _entries.Values.Where(entry => isMeant(entry.Key)).ToArray())
            {
                if (entry.IsKept)
                {
                    drop(entry);
                    dropped.Add(entry);
                }
                else
                {
                    entry.IsUnwanted = true;
                }
            }
        }

        dropped.ForEach(DeleteBlock);
    }

    private void Evict(CacheEntry entry)
    {
        Remove(entry);
        Tell(entry, kept: null);
    }

    private void Tell(CacheEntry entry, CachedPartition? kept) =>
        _onChange?.Invoke(new(entry.Key.Application, entry.Key.Rdd, entry.Key.PartitionIndex, kept));

    private void Remove(CacheEntry entry)
    {
        _entries.Remove(entry.Key);
        _bytes -= entry.Bytes;
        _memory.ReturnFromCache(entry.Bytes);
        entry.Bytes = 0;
        if (entry.Place is not null)
        {
            _byUse.Remove(entry.Place);
            entry.Place = null;
        }
    }

    // Outside the lock: a large file takes its time.
    private void DeleteBlock(CacheEntry entry)
    {
        if (entry.Block is { } block)
        {
            _disk!.Delete(block);
        }
    }
}
