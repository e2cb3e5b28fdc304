using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Shuffle;
using Dpark.Text;

namespace Dpark.Sorting;

/// <summary>
/// The elements of a sort, by the order in which they were added. Texts and slices are kept without references, as places in the arena, on pages; other types in an array that
/// grows. Used by one thread.
/// </summary>
internal sealed class SortElements<T> : IDisposable
{
    private PooledList<T> _objects = new();
    private PageList<Place> _places;

    /// <summary>Whether elements are places in the arena, which are all that they take.</summary>
    public static bool ArePlaces => typeof(T) == typeof(ByteSlice) || typeof(T) == typeof(Utf8Text);

    /// <summary>Where texts and slices of the elements are.</summary>
    public ByteArena Arena { get; } = new();

    /// <summary>Elements held.</summary>
    public int Count => ArePlaces ? _places.Count : _objects.Count;

    /// <summary>Objects that take memory beside the arrays. None if elements are places.</summary>
    public ReadOnlySpan<T> Objects => _objects.Span;

    /// <summary>Memory once so many elements are there, without that of objects.</summary>
    public long BytesWith(long count) => Arena.Capacity + (ArePlaces ? _places.BytesWith(count) : _objects.BytesWith(count));

    /// <summary>Adds the values of pairs.</summary>
    public void Add(ReadOnlySpan<(long Key, T Value)> pairs)
    {
        var start = Count;
        if (ArePlaces)
        {
            AddPlaces(pairs, _places.ExtendTo(start + pairs.Length)[start..]);
            return;
        }

        var objects = _objects.ExtendTo(start + pairs.Length)[start..];
        for (var i = 0; i < objects.Length; i++)
        {
            objects[i] = pairs[i].Value;
        }
    }

    /// <summary>One element.</summary>
    public T Get(int number)
    {
        if (!ArePlaces)
        {
            return _objects.Span[number];
        }

        var slice = SliceAt(Arena.Blocks, _places.Span[number]);
        return Unsafe.As<ByteSlice, T>(ref slice);
    }

    /// <summary>Elements, and asks for their bytes.</summary>
    public void Get(ReadOnlySpan<int> numbers, Span<T> target)
    {
        // Sorted elements are everywhere: all waits for an element overlap, and then all waits for its bytes.
        if (ArePlaces)
        {
            Prefetch.Elements(_places.Span, numbers);
            var places = _places.Span;
            var blocks = Arena.Blocks;
            var slices = MemoryMarshal.CreateSpan(ref Unsafe.As<T, ByteSlice>(ref MemoryMarshal.GetReference(target)), numbers.Length);
            for (var i = 0; i < slices.Length; i++)
            {
                slices[i] = SliceAt(blocks, places[numbers[i]]);
            }
        }
        else
        {
            var objects = _objects.Span;
            Prefetch.Elements(objects, numbers);
            for (var i = 0; i < numbers.Length; i++)
            {
                target[i] = objects[numbers[i]];
            }
        }

        Prefetch.Bytes<T>(target[..numbers.Length]);
    }

    /// <summary>Puts elements into another order.</summary>
    /// <param name="positions">For each place the number of the element that belongs there.</param>
    public void Arrange(int[] positions)
    {
        if (ArePlaces)
        {
            Arrange(ref _places, positions);
            return;
        }

        var arranged = new PooledList<T>();
        Arrange<T>(_objects.Span, positions, arranged.ExtendTo(positions.Length));
        _objects.Dispose();
        _objects = arranged;
    }

    /// <summary>Puts what belongs to elements into another order.</summary>
    /// <param name="positions">For each place the number of the item that belongs there.</param>
    public static void Arrange<TItem>(ref PageList<TItem> list, int[] positions)
        where TItem : unmanaged
    {
        var arranged = new PageList<TItem>();
        Arrange<TItem>(list.Span, positions, arranged.ExtendTo(positions.Length));
        list.Dispose();
        list = arranged;
    }

    /// <summary>Removes all elements and keeps most of the memory.</summary>
    public void Clear()
    {
        _objects.Clear();
        _places.Clear();
        Arena.Recycle();
    }

    /// <summary>Removes all elements, and returns the memory.</summary>
    public void Dispose()
    {
        _objects.Dispose();
        _places.Dispose();
        Arena.Dispose();
    }

    private void AddPlaces(ReadOnlySpan<(long Key, T Value)> pairs, Span<Place> places)
    {
        ByteBlock? last = null;
        for (var i = 0; i < places.Length; i++)
        {
            var slice = Unsafe.As<T, ByteSlice>(ref Unsafe.AsRef(in pairs[i].Value));
            if (slice.IsEmpty)
            {
                places[i] = default;
                continue;
            }

            var block = slice.Block!;
            if (ReferenceEquals(block, last) || Arena.Has(block))
            {
                last = block;
                places[i] = new Place(block.Number, slice.Start, slice.Length);
            }
            else
            {
                // From a source that has memory of its own.
                var start = Arena.Add(slice.Span, out var own);
                places[i] = new Place(own.Number, start, slice.Length);
            }
        }
    }

    private static ByteSlice SliceAt(ReadOnlySpan<ByteBlock> blocks, Place place) =>
        place.Length == 0 ? default : new ByteSlice(blocks[place.Block], place.Start, place.Length);

    private static void Arrange<TItem>(ReadOnlySpan<TItem> source, int[] positions, Span<TItem> target)
    {
        for (var i = 0; i < positions.Length; i++)
        {
            target[i] = source[positions[i]];
        }
    }

    private readonly record struct Place(int Block, int Start, int Length);
}
