namespace Dpark.Memory;

// What is in memory beside tables and cached partitions: blocks, map outputs, broadcast values, reports, and memory that waits to be used again.
public sealed partial class WorkerMemory
{
    private MemoryHolder[] _holders = [];
    private Func<long>? _spareBytes;
    private Func<long, long>? _dropSpare;
    private long _holderBytes;

    /// <summary>What the stores of the worker have taken, without the cache.</summary>
    public long StoreBytes
    {
        get
        {
            lock (_gate)
            {
                return _holderBytes;
            }
        }
    }

    /// <summary>Begins to count for a store.</summary>
    /// <param name="name">What it keeps, in messages.</param>
    /// <param name="giveUp">See <see cref="MemoryHolder"/>. Those that came first are asked first.</param>
    internal MemoryHolder AddHolder(string name, Func<long, long>? giveUp)
    {
        var holder = new MemoryHolder(this, name, giveUp);
        lock (_gate)
        {
            _holders = [.. _holders, holder];
        }

        return holder;
    }

    /// <summary>Counts memory of the process that waits to be used again. It is dropped before anybody is refused, and before anything else is given up.</summary>
    /// <param name="bytes">How much waits. Called under the lock, and often.</param>
    /// <param name="drop">Drops so many bytes, or all if there are fewer, and returns how many. Called under the lock, so it calls nobody.</param>
    internal void CountSpare(Func<long> bytes, Func<long, long> drop)
    {
        lock (_gate)
        {
            (_spareBytes, _dropSpare) = (bytes, drop);
        }
    }

    /// <summary>Whether so many bytes are free.</summary>
    internal bool HasRoom(long bytes)
    {
        lock (_gate)
        {
            return bytes <= FreeBytes + SpareBytes;
        }
    }

    /// <summary>Takes memory for a store, if it is free.</summary>
    internal bool TryTake(MemoryHolder holder, long bytes)
    {
        lock (_gate)
        {
            DropSpareFor(bytes);
            if (bytes > FreeBytes)
            {
                return false;
            }

            Give(holder, bytes);
            return true;
        }
    }

    /// <summary>Takes memory for a store, whether it is free or not.</summary>
    internal void Take(MemoryHolder holder, long bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        lock (_gate)
        {
            Give(holder, bytes);
        }
    }

    /// <summary>Takes memory for something of a task that is there already, whether it is free or not.</summary>
    internal void TakeAnyway(TaskMemory task, long bytes)
    {
        lock (_gate)
        {
            Activate(task);
            Give(task, bytes);
        }

        Settle();
    }

    /// <summary>Gives back what a store has taken.</summary>
    internal void Return(MemoryHolder holder, long bytes)
    {
        if (bytes == 0)
        {
            return;
        }

        lock (_gate)
        {
            holder.HeldBytes -= bytes;
            _holderBytes -= bytes;
            WakeWaiting();
        }
    }

    /// <summary>Has stores and cache give up what is taken beyond the budget.</summary>
    internal void Settle()
    {
        long missing;
        lock (_gate)
        {
            DropSpareFor(0);
            missing = Math.Min(-FreeBytes, EvictableBytes);
        }

        if (missing > 0)
        {
            MakeRoom(missing);
        }
    }

    private long SpareBytes => _spareBytes?.Invoke() ?? 0;

    /// <summary>What stores and cache could give up for tasks.</summary>
    private long EvictableBytes
    {
        get
        {
            var bytes = _cacheBytes - ProtectedBytes;
            foreach (var holder in _holders)
            {
                bytes += holder.CanGiveUp ? holder.HeldBytes : 0;
            }

            return bytes;
        }
    }

    private void Give(MemoryHolder holder, long bytes)
    {
        holder.HeldBytes += bytes;
        _holderBytes += bytes;
        NotePeak();
    }

    // What can be moved to a disk first; what was computed at a cost is given up last.
    private void MakeRoom(long missing)
    {
        foreach (var holder in Volatile.Read(ref _holders))
        {
            if (missing <= 0)
            {
                return;
            }

            missing -= holder.GiveUp(missing);
        }

        long evictable;
        lock (_gate)
        {
            evictable = Math.Min(missing, _cacheBytes - ProtectedBytes);
        }

        if (evictable > 0)
        {
            Volatile.Read(ref _evict)?.Invoke(evictable);
        }
    }

    /// <summary>Drops what waits to be used again, if so many bytes are free only then.</summary>
    private void DropSpareFor(long bytes)
    {
        var missing = bytes - FreeBytes;
        if (missing > 0)
        {
            _ = _dropSpare?.Invoke(missing);
        }
    }

    private IEnumerable<(long Bytes, string Text)> DescribeStores()
    {
        foreach (var holder in _holders)
        {
            yield return (holder.HeldBytes, $"{holder.Name} {ByteText.Of(holder.HeldBytes)}");
        }

        yield return (SpareBytes, $"pages for the next tables {ByteText.Of(SpareBytes)}");
    }
}
