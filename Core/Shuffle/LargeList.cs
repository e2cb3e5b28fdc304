using System.Runtime.CompilerServices;

namespace Dpark.Shuffle;

/// <summary>
/// A list that may get long. Where its length is known before, and elements have no references, it is in memory of <see cref="PagePool"/>, on large pages: to read and write them at random
/// waits half as long. Else it is in a rented array, which grows with less waste. A value of this type must not be copied. Used by one thread.
/// </summary>
internal struct LargeList<T> : IDisposable
{
    private PooledList<T> _array = new();
    private PageList<T> _pages;
    private bool _isInPages;

    /// <summary>Makes an empty list.</summary>
    public LargeList()
    {
    }

    /// <summary>Elements.</summary>
    public readonly int Count => _isInPages ? _pages.Count : _array.Count;

    /// <summary>The elements. Valid until the next change.</summary>
    public readonly Span<T> Span => _isInPages ? _pages.Span : _array.Span;

    /// <summary>Memory of the list, without what elements refer to, once it has at least <paramref name="count"/> elements; more than any limit if it cannot have so many.</summary>
    public readonly long BytesWith(long count) => _isInPages ? _pages.BytesWith(count) : _array.BytesWith(count);

    /// <summary>Memory that <see cref="Reserve"/> takes for so many elements, or that as many in an array take.</summary>
    public static long BytesReserved(int count) => PageList<T>.BytesOf(count);

    /// <summary>Takes the memory for so many elements at once, if they have no references. Called while it is empty and has no memory; more may come.</summary>
    public void Reserve(int count)
    {
        if (!RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            _isInPages = true;
            _pages.ReserveTightly(count);
        }
    }

    /// <summary>Makes the list as long as asked for, at least as long as it is. New elements have undefined content.</summary>
    public Span<T> ExtendTo(int count) => _isInPages ? _pages.ExtendTo(count) : _array.ExtendTo(count);

    /// <summary>Removes all elements and keeps the memory.</summary>
    public void Clear()
    {
        _array.Clear();
        _pages.Clear();
    }

    /// <summary>Returns the memory. The list is empty afterwards.</summary>
    public void Dispose()
    {
        _array.Dispose();
        _pages.Dispose();
        _isInPages = false;
    }
}
