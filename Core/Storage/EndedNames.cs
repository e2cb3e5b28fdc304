namespace Dpark.Storage;

/// <summary>Names whose data was deleted and must not be stored again by a task that was late. Remembers the latest ones. Thread-safe.</summary>
/// <param name="capacity">How many are remembered.</param>
internal sealed class EndedNames<T>(int capacity)
    where T : notnull
{
    private readonly HashSet<T> _names = [];
    private readonly Queue<T> _order = [];

    /// <summary>Remembers a name.</summary>
    public void Add(T name)
    {
        lock (_names)
        {
            if (!_names.Add(name))
            {
                return;
            }

            _order.Enqueue(name);
            if (_order.Count > capacity)
            {
                _names.Remove(_order.Dequeue());
            }
        }
    }

    /// <summary>Whether a name is remembered.</summary>
    public bool Contains(T name)
    {
        lock (_names)
        {
            return _names.Contains(name);
        }
    }
}
