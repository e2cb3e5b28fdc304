using System.Diagnostics.CodeAnalysis;

namespace Dpark.Shuffle;

/// <summary>
/// Says which map outputs of a worker are in memory, and which go to disk when there is no room: those that were written longest ago, because their readers are most
/// likely done. Knows sizes alone; the bytes are with its owner. Thread-safe.
/// </summary>
/// <param name="maxBytes">Of all outputs in memory; at least 0.</param>
internal sealed class MemoryOutputs<TKey>(long maxBytes)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly LinkedList<TKey> _byAge = new();
    private readonly Dictionary<TKey, (LinkedListNode<TKey> Place, int Bytes)> _entries = [];

    /// <summary>Bytes of all outputs in memory at most. 0: nothing can be kept.</summary>
    public long MaxBytes => maxBytes;

    /// <summary>Bytes in memory.</summary>
    public long Bytes { get; private set; }

    /// <summary>Counts an output. A key is added once.</summary>
    public void Add(TKey key, int bytes)
    {
        lock (_lock)
        {
            _entries.Add(key, (_byAge.AddLast(key), bytes));
            Bytes += bytes;
        }
    }

    /// <summary>Forgets an output, if it is known.</summary>
    /// <returns>Its bytes; 0 if it is not known.</returns>
    public int Remove(TKey key)
    {
        lock (_lock)
        {
            if (!_entries.Remove(key, out var entry))
            {
                return 0;
            }

            _byAge.Remove(entry.Place);
            Bytes -= entry.Bytes;
            return entry.Bytes;
        }
    }

    /// <summary>Whether outputs must go before there is room for some bytes more.</summary>
    public bool MustMove(int bytes)
    {
        lock (_lock)
        {
            return Bytes + bytes > maxBytes && _byAge.First is not null;
        }
    }

    /// <summary>Forgets the oldest output, if there is any. The caller moves it to disk, or adds it again.</summary>
    public bool TryTakeOldest([MaybeNullWhen(false)] out TKey oldest, out int bytes)
    {
        lock (_lock)
        {
            if (_byAge.First is not { } first)
            {
                (oldest, bytes) = (default, 0);
                return false;
            }

            oldest = first.Value;
            bytes = Remove(oldest);
            return true;
        }
    }
}
