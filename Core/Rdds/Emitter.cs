using System.Runtime.CompilerServices;

namespace Dpark.Rdds;

/// <summary>
/// Takes the elements that a function of <c>FlatMap</c> makes of one element, so that none of them needs an array or an iterator of its own. Belongs to the task that
/// calls the function: it is not to be kept, nor to be used by another thread.
/// </summary>
public sealed class Emitter<T>
{
    private T[] _items = new T[BatchReader.Capacity];

    internal Emitter()
    {
    }

    /// <summary>What was added since <see cref="Clear"/>.</summary>
    internal int Count { get; private set; }

    /// <summary>The elements. Valid until the next change.</summary>
    internal ReadOnlySpan<T> Items => _items.AsSpan(0, Count);

    /// <summary>Adds an element behind those that are there.</summary>
    /// <remarks>What is made of one element is in memory as a whole, as an array would be.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(T element)
    {
        var items = _items;
        var count = Count;
        if ((uint)count < (uint)items.Length)
        {
            items[count] = element;
            Count = count + 1;
        }
        else
        {
            AddWithGrowth(element);
        }
    }

    /// <summary>Adds elements in their order.</summary>
    public void AddRange(ReadOnlySpan<T> elements)
    {
        if (elements.Length > _items.Length - Count)
        {
            Grow(checked(Count + elements.Length));
        }

        elements.CopyTo(_items.AsSpan(Count));
        Count += elements.Length;
    }

    /// <summary>Forgets what was added.</summary>
    internal void Clear() => Count = 0;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddWithGrowth(T element)
    {
        Grow(Count + 1);
        _items[Count++] = element;
    }

    private void Grow(int needed) => Array.Resize(ref _items, (int)Math.Min(Math.Max(2L * _items.Length, needed), Array.MaxLength));
}
