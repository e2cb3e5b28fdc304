using System.Runtime.InteropServices;
using Dpark.Text;

namespace Dpark.Rdds.Actions;

/// <summary>
/// Keeps the greatest elements of those added, at most a given number. Of equal ones the earlier added is greater, so that the result is that of a
/// stable sort. Not thread-safe.
/// </summary>
internal sealed class BoundedHeap<TKey, T>(int capacity, IComparer<TKey> comparer)
{
    // A binary heap with the least kept element at the root. It grows with what is added: the capacity may be far more than there is.
    private readonly List<(TKey Key, long Order, T Element)> _entries = [];
    private long _order;
    private long _keptUpTo;

    public void Add(TKey key, T element)
    {
        var entry = (key, _order++, element);
        if (_entries.Count < capacity)
        {
            _entries.Add(entry);
            SiftUp(_entries.Count - 1);
        }
        else if (capacity > 0 && Compare(entry, _entries[0]) > 0)
        {
            _entries[0] = entry;
            SiftDown();
        }
    }

    /// <summary>Copies what the elements that were added since the last call borrow from a reader's buffer.</summary>
    public void KeepBorrowed()
    {
        if (!BorrowedBytes<TKey>.ArePossible && !BorrowedBytes<T>.ArePossible)
        {
            return;
        }

        foreach (ref var entry in CollectionsMarshal.AsSpan(_entries))
        {
            if (entry.Order >= _keptUpTo)
            {
                entry = (BorrowedBytes<TKey>.Keep(entry.Key), entry.Order, BorrowedBytes<T>.Keep(entry.Element));
            }
        }

        _keptUpTo = _order;
    }

    /// <summary>The kept elements, greatest first.</summary>
    public T[] ToDescendingArray()
    {
        _entries.Sort((left, right) => Compare(right, left));
        var elements = new T[_entries.Count];
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i] = _entries[i].Element;
        }

        return elements;
    }

    private int Compare(in (TKey Key, long Order, T Element) left, in (TKey Key, long Order, T Element) right)
    {
        var result = comparer.Compare(left.Key, right.Key);
        return result != 0 ? result : right.Order.CompareTo(left.Order);
    }

    private void SiftUp(int index)
    {
        var entry = _entries[index];
        while (index > 0)
        {
            var parent = (index - 1) / 2;
            if (Compare(entry, _entries[parent]) >= 0)
            {
                break;
            }

            _entries[index] = _entries[parent];
            index = parent;
        }

        _entries[index] = entry;
    }

    private void SiftDown()
    {
        var entry = _entries[0];
        var index = 0;
        while (true)
        {
            var child = (2 * index) + 1;
            if (child >= _entries.Count)
            {
                break;
            }

            if (child + 1 < _entries.Count && Compare(_entries[child + 1], _entries[child]) < 0)
            {
                child++;
            }

            if (Compare(_entries[child], entry) >= 0)
            {
                break;
            }

            _entries[index] = _entries[child];
            index = child;
        }

        _entries[index] = entry;
    }
}
