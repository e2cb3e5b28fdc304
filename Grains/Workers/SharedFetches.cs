namespace Dpark.Workers;

/// <summary>
/// Values that the first thread that asks makes, while others that ask for the same one wait; kept up to a number, the least recently used goes first.
/// Thread-safe.
/// </summary>
/// <remarks>
/// What a failed attempt threw reaches those that waited for it, and is not kept. An attempt that was cancelled is no failure of the value: one of those that
/// waited makes it then. Threads block in <see cref="GetOrMake"/>, so only the executor's may call that.
/// </remarks>
/// <param name="capacity">Most values kept. At least 1.</param>
/// <param name="onForgotten">Told of each value that is kept no more, or was not wanted any more when it was made. Called under the lock; must return at once.</param>
internal sealed class SharedFetches<TKey, TValue>(int capacity, Action<TValue>? onForgotten = null)
    where TKey : notnull
    where TValue : class
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TKey, Entry> _entries = [];
    private readonly LinkedList<Entry> _byUse = [];

    /// <summary>Values that are kept.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _byUse.Count;
            }
        }
    }

    /// <summary>The value, made by <paramref name="make"/> if it is not kept.</summary>
    /// <exception cref="OperationCanceledException">The token fired while the thread waited for another one.</exception>
    public TValue GetOrMake(TKey key, Func<TKey, CancellationToken, TValue> make, CancellationToken cancellationToken)
    {
        while (true)
        {
            var entry = Enter(key, out var isMaker);
            if (isMaker)
            {
                return Make(entry, make, cancellationToken);
            }

            if (!entry.Ended.IsSet)
            {
                entry.Ended.Wait(cancellationToken);
            }

            if (entry.Value is { } value)
            {
                return value;
            }

            if (entry.Failure is { } failure)
            {
                throw failure;
            }
        }
    }

    /// <summary>Keeps a value that was made elsewhere, unless there is one of its key or somebody makes one. Does not block.</summary>
    public void TryAdd(TKey key, TValue value)
    {
        var entry = Enter(key, out var isMaker);
        if (isMaker)
        {
            Keep(entry, value);
            entry.Ended.Set();
        }
    }

    /// <summary>The values that are kept, those first that were not used for longest.</summary>
    public (TKey Key, TValue Value)[] List()
    {
        lock (_gate)
        {
            return [.. _byUse.Select(entry => (entry.Key, entry.Value!))];
        }
    }

    /// <summary>Forgets a value. One that is being made is still handed to those that wait for it.</summary>
    public void Remove(TKey key)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(key, out var entry))
            {
                Forget(entry);
            }
        }
    }

    /// <summary>Forgets a value, unless there is another one of its key by now.</summary>
    public void Remove(TKey key, TValue value)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(key, out var entry) && entry.Value == value)
            {
                Forget(entry);
            }
        }
    }

    /// <summary>Forgets every value that is kept.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            while (_byUse.First is { } first)
            {
                Forget(first.Value);
            }

            _entries.Clear();
        }
    }

    private Entry Enter(TKey key, out bool isMaker)
    {
        lock (_gate)
        {
            isMaker = !_entries.TryGetValue(key, out var entry);
            if (entry is null)
            {
                entry = new(key);
                _entries.Add(key, entry);
            }
            else if (entry.Place is not null && _byUse.Last != entry.Place)
            {
                _byUse.Remove(entry.Place);
                _byUse.AddLast(entry.Place);
            }

            return entry;
        }
    }

    private TValue Make(Entry entry, Func<TKey, CancellationToken, TValue> make, CancellationToken cancellationToken)
    {
        try
        {
            var value = make(entry.Key, cancellationToken);
            Keep(entry, value);
            return value;
        }
        catch (Exception e)
        {
            lock (_gate)
            {
                RemoveOwn(entry);
                entry.Failure = cancellationToken.IsCancellationRequested ? null : e;
            }

            throw;
        }
        finally
        {
            entry.Ended.Set();
        }
    }

    private void Keep(Entry entry, TValue value)
    {
        lock (_gate)
        {
            entry.Value = value;
            if (!_entries.TryGetValue(entry.Key, out var current) || current != entry)
            {
                // It was removed while it was made.
                onForgotten?.Invoke(value);
                return;
            }

            entry.Place = _byUse.AddLast(entry);
            if (_byUse.Count > capacity)
            {
                Forget(_byUse.First!.Value);
            }
        }
    }

    private void Forget(Entry entry)
    {
        _entries.Remove(entry.Key);
        if (entry.Place is not null)
        {
            _byUse.Remove(entry.Place);
            entry.Place = null;
            onForgotten?.Invoke(entry.Value!);
        }
    }

    private void RemoveOwn(Entry entry)
    {
        if (_entries.TryGetValue(entry.Key, out var current) && current == entry)
        {
            _entries.Remove(entry.Key);
        }
    }

    /// <summary>A value that is kept or being made. Its members change under the lock, and not after it has ended.</summary>
    private sealed class Entry(TKey key)
    {
        public TKey Key { get; } = key;

        /// <summary>Set when the value is there or the attempt to make it is over.</summary>
        public ManualResetEventSlim Ended { get; } = new();

        public TValue? Value { get; set; }

        public Exception? Failure { get; set; }

        /// <summary>Where it is in the order of use; <see langword="null"/> while it is being made.</summary>
        public LinkedListNode<Entry>? Place { get; set; }
    }
}
