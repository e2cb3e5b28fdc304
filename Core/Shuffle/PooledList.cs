using System.Numerics;
using System.Runtime.CompilerServices;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>A growing array whose memory is rented. A struct that its owner keeps in a field; not thread-safe.</summary>
internal struct PooledList<T> : IDisposable
{
    private T[] _items;

    /// <summary>Makes an empty list.</summary>
    public PooledList() => _items = [];

    /// <summary>Elements.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Memory of the array, without what elements refer to, once it has at least <paramref name="count"/> elements; more than any limit if it cannot have so many.
    /// </summary>
    public readonly long BytesWith(long count) => count > Array.MaxLength
        ? long.MaxValue / 8
        : (long)(count > _items.Length ? CapacityFor((int)count) : _items.Length) * Unsafe.SizeOf<T>();

    /// <summary>The elements. Valid until the next change.</summary>
    public readonly Span<T> Span => _items.AsSpan(0, Count);

    /// <summary>Adds an element.</summary>
    public void Add(T item)
    {
        if (Count == _items.Length)
        {
            Grow(Count + 1);
        }

        _items[Count++] = item;
    }

    /// <summary>Makes the list as long as asked for, at least as long as it is. New elements have undefined content.</summary>
    public Span<T> ExtendTo(int count)
    {
        if (count > _items.Length)
        {
            Grow(count);
        }

        Count = Math.Max(Count, count);
        return _items.AsSpan(0, Count);
    }

    /// <summary>Removes elements from the end, which refer to nothing.</summary>
    /// <param name="count">Elements that stay.</param>
    public void Truncate(int count) => Count = count;

    /// <summary>Removes all elements and keeps the memory.</summary>
    public void Clear()
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            Span.Clear();
        }

        Count = 0;
    }

    /// <summary>Returns the memory. The list is empty afterwards.</summary>
    public void Dispose()
    {
        Count = 0;
        BatchArrays.Return(ref _items);
    }

    // Rented arrays have lengths of powers of two.
    private static int CapacityFor(int needed) => (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)Math.Max(needed, 16)), (uint)Array.MaxLength);

    private void Grow(int needed)
    {
        var larger = BatchArrays.Rent<T>(CapacityFor(needed));
        Span.CopyTo(larger);
        BatchArrays.Return(ref _items);
        _items = larger;
    }
}
