using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.Storage;
using Dpark.Tasks;

namespace Dpark.Caching;

/// <summary>Cached partitions of one worker, in memory, the least recently used one dropped first. Thread-safe.</summary>
/// <remarks>
/// A partition is in one of two states: being computed by one task, for which others wait, or kept. Its bytes are reserved batch by batch while it is computed,
/// which may drop kept partitions of other RDDs, never of the same one: an RDD that does not fit would drop its own partitions in a circle. When the reservation
/// fails, the task goes on without keeping, and those that wait compute for themselves. Dropping a partition does not disturb who is reading it.
/// </remarks>
/// <param name="onChange">
/// Told what is kept and what is dropped, in order, except for what goes with its application. Called under the cache's lock: must return at once and not throw.
/// </param>
public sealed class PartitionCache(CacheOptions options, Action<CacheChange>? onChange = null) : IPartitionCache
{
    private const int RememberedApplications = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<PartitionKey, Entry> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];
    private readonly EndedNames<AppId> _ended = new(RememberedApplications);
    private long _bytes;

    /// <summary>Bytes of all partitions kept or being computed, estimated.</summary>
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
    public BatchReader<T> GetOrCompute<T>(Rdd<T> rdd, Partition partition, TaskContext context, Func<BatchReader<T>> compute) =>
        new CachingReader<T>(this, new PartitionKey(context.Attempt.Application, rdd.Id, partition.Index), context, compute);

    /// <summary>What is kept for an application now, in no particular order.</summary>
    public CachedPartition[] List(AppId application)
    {
        lock (_lock)
        {
            return
            [
                .. _byUse
                    .Where(entry => entry.Key.Application == application)
                    .Select(entry => entry.Describe()),
            ];
        }
    }

    /// <summary>Drops the partitions of one RDD. What tasks are computing at this moment is kept when it is ready.</summary>
    public void DropRdd(AppId application, RddId rdd) => Drop(key => key.Application == application && key.Rdd == rdd, Evict);

    /// <summary>Drops everything of an application. What its tasks are still computing is not kept.</summary>
    public void DropApplication(AppId application)
    {
        _ended.Add(application);
        Drop(key => key.Application == application, Remove);
    }

    /// <summary>Finds a kept partition, or makes the caller the one who computes it. Waits while another task computes it.</summary>
    /// <param name="entry">Kept, or to be ended with <see cref="Keep"/> or <see cref="Release"/>.</param>
    /// <returns>Whether it is kept.</returns>
    /// <exception cref="OperationCanceledException">The task was cancelled while it waited.</exception>
    internal bool TryGet(PartitionKey key, CancellationToken cancellationToken, out Entry entry)
    {
        while (true)
        {
            lock (_lock)
            {
                if (!_entries.TryGetValue(key, out var found))
                {
                    entry = new Entry(key);
                    _entries.Add(key, entry);
                    return false;
                }

                entry = found;
                if (entry.Place is not null)
                {
                    _byUse.Remove(entry.Place);
                    _byUse.AddLast(entry.Place);
                    return true;
                }
            }

            entry.Ended.Wait(cancellationToken);
        }
    }

    /// <summary>Reserves bytes for a partition that is being computed, dropping others if that helps.</summary>
    /// <returns><see langword="false"/> if it does not fit. Nothing was dropped then.</returns>
    internal bool TryReserve(Entry entry, long bytes)
    {
        lock (_lock)
        {
            var missing = _bytes + bytes - options.MaxBytes;
            var victims = new List<Entry>();
            for (var place = _byUse.First; place is not null && missing > 0; place = place.Next)
            {
                if (place.Value.Key.Application != entry.Key.Application || place.Value.Key.Rdd != entry.Key.Rdd)
                {
                    victims.Add(place.Value);
                    missing -= place.Value.Bytes;
                }
            }

            if (missing > 0)
            {
                return false;
            }

            victims.ForEach(Evict);
            entry.Bytes += bytes;
            _bytes += bytes;
            return true;
        }
    }

    /// <summary>Keeps a partition that was computed, unless its application has ended.</summary>
    internal void Keep(Entry entry, Array batches, long recordCount)
    {
        lock (_lock)
        {
            if (_ended.Contains(entry.Key.Application))
            {
                Remove(entry);
            }
            else
            {
                entry.Batches = batches;
                entry.RecordCount = recordCount;
                entry.Place = _byUse.AddLast(entry);
                onChange?.Invoke(new(entry.Key.Application, entry.Key.Rdd, entry.Key.PartitionIndex, entry.Describe()));
            }
        }

        entry.Ended.Set();
    }

    /// <summary>Gives up a partition that was being computed. Who waits for it computes it.</summary>
    internal void Release(Entry entry)
    {
        lock (_lock)
        {
            Remove(entry);
        }

        entry.Ended.Set();
    }

    private void Drop(Func<PartitionKey, bool> isMeant, Action<Entry> drop)
    {
        lock (_lock)
        {
            foreach (var entry in _byUse.Where(entry => isMeant(entry.Key)).ToArray())
            {
                drop(entry);
            }
        }
    }

    private void Evict(Entry entry)
    {
        Remove(entry);
        onChange?.Invoke(new(entry.Key.Application, entry.Key.Rdd, entry.Key.PartitionIndex, null));
    }

    private void Remove(Entry entry)
    {
        _entries.Remove(entry.Key);
        _bytes -= entry.Bytes;
        entry.Bytes = 0;
        if (entry.Place is not null)
        {
            _byUse.Remove(entry.Place);
        }
    }

    /// <summary>Names a partition on this worker.</summary>
    internal readonly record struct PartitionKey(AppId Application, RddId Rdd, int PartitionIndex);

    /// <summary>A partition that is kept or being computed. Its members change under the lock of the cache.</summary>
    internal sealed class Entry(PartitionKey key)
    {
        public PartitionKey Key { get; } = key;

        /// <summary>Set when it is kept or given up.</summary>
        public ManualResetEventSlim Ended { get; } = new();

        /// <summary>Where it is in the order of use; <see langword="null"/> while it is being computed.</summary>
        public LinkedListNode<Entry>? Place { get; set; }

        /// <summary>Its elements, as an array of batches; set once it is kept.</summary>
        public Array? Batches { get; set; }

        public long Bytes { get; set; }

        public long RecordCount { get; set; }

        public CachedPartition Describe() => new(Key.Rdd, Key.PartitionIndex, StorageLevel.Memory, Bytes, RecordCount);
    }
}
