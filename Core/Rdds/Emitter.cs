using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Rdds;

/// <summary>
/// Takes the elements that a function of <c>FlatMap</c> makes of one element, so that none of them needs an array or an iterator of its own. Belongs to the task that
/// calls the function: it is not to be kept, nor to be used by another thread.
/// </summary>
public sealed class Emitter<T>
{
    // What a batch holds, and room for what becomes of its last element.
    private T[] _items = BatchArrays.Rent<T>(2 * BatchReader.Capacity);

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
    public void AddRange(ReadOnlySpan<T> elements) => elements.CopyTo(Append(elements.Length));

    /// <summary>Adds elements that the caller writes. Faster than <see cref="Add"/> where it is known before how many there are.</summary>
    /// <param name="count">At least 0.</param>
    /// <returns>The elements, in order, with undefined content. Every one is to be written, before anything else is added and before the function returns.</returns>
    /// <example><code>
    /// var added = shares.Append(targets.Length);
    /// for (var i = 0; i &lt; added.Length; i++)
    /// {
    ///     added[i] = (targets[i], share);
    /// }
    /// </code></example>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 0.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<T> Append(int count) => MemoryMarshal.CreateSpan(ref Reserve(count), count);

    /// <summary>As <see cref="Append"/>.</summary>
    /// <returns>The first of the elements; where there are none, nothing that may be read.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref T Reserve(int count)
    {
        var start = Count;
        if ((uint)count > (uint)(_items.Length - start))
        {
            GrowBy(count);
        }

        Count = start + count;
        return ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_items), start);
    }

    /// <summary>Forgets what was added.</summary>
    internal void Clear() => Count = 0;

    /// <summary>Returns the memory. What is added later on, by a function that kept the emitter, goes into memory of its own.</summary>
    internal void Dispose()
    {
        Count = 0;
        BatchArrays.Return(ref _items);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddWithGrowth(T element)
    {
        Grow(Count + 1);
        _items[Count++] = element;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void GrowBy(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Grow(checked(Count + count));
    }

    // The array is not returned: the function may still have what Append gave it.
    private void Grow(int needed)
    {
        var larger = BatchArrays.Rent<T>((int)Math.Min(Math.Max(2L * _items.Length, needed), Array.MaxLength));
        Items.CopyTo(larger);
        _items = larger;
    }
}
