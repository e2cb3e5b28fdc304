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

    /// <summary>Whether anything can be kept.</summary>
    public bool IsEnabled => maxBytes > 0;

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
    public void Remove(TKey key)
    {
        lock (_lock)
        {
            if (_entries.Remove(key, out var entry))
            {
                _byAge.Remove(entry.Place);
                Bytes -= entry.Bytes;
            }
        }
    }

    /// <summary>Forgets the oldest output if there is no room for some bytes more. The caller moves it to disk, and asks again.</summary>
    public bool TryMakeRoom(int bytes, [MaybeNullWhen(false)] out TKey oldest)
    {
        lock (_lock)
        {
            if (Bytes + bytes <= maxBytes || _byAge.First is not { } first)
            {
                oldest = default;
                return false;
            }

            oldest = first.Value;
            _byAge.RemoveFirst();
            _entries.Remove(oldest, out var entry);
            Bytes -= entry.Bytes;
            return true;
        }
    }
}
