namespace Dpark.Tasks;

/// <summary>The last so many distinct values that were added. Not thread-safe.</summary>
/// <param name="capacity">Most values kept; the oldest goes first. At least 1.</param>
internal sealed class RecentSet<T>(int capacity)
    where T : notnull
{
    private readonly HashSet<T> _values = [];
    private readonly Queue<T> _order = new();

    public int Count => _values.Count;

    public bool Contains(T value) => _values.Contains(value);

    public void Add(T value)
    {
        if (!_values.Add(value))
        {
            return;
        }

        _order.Enqueue(value);
        if (_order.Count > capacity)
        {
            _values.Remove(_order.Dequeue());
        }
    }
}
