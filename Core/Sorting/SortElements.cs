using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Text;

namespace Dpark.Sorting;

/// <summary>
/// The elements of a sort. Texts and slices are bytes of the arena and nothing else: the entry of one says where it is. Elements of other types are in an array that grows.
/// Used by one thread.
/// </summary>
internal sealed class SortElements<T> : IDisposable
{
    // One column of a batch has at most 2 GiB, and so it has an address if as many are left.
    private const long MaxAddressedBytes = 1L << 31;

    private PooledList<T> _objects = new();
    private int[] _numbers = [];

    /// <summary>Whether elements are places in the arena, which are all that they take.</summary>
    public static bool ArePlaces => typeof(T) == typeof(ByteSlice) || typeof(T) == typeof(Utf8Text);

    /// <summary>Where texts and slices of the elements are.</summary>
    public ByteArena Arena { get; } = new();

    /// <summary>Objects that take memory beside the arrays. None if elements are places.</summary>
    public ReadOnlySpan<T> Objects => _objects.Span;

    /// <summary>Whether another batch might have no place.</summary>
    public bool IsFull => Arena.AddressedBytes > MaxAddressedBytes;

    /// <summary>Memory once so many elements are there, without that of objects.</summary>
    public long BytesWith(long count) => Arena.Capacity + (ArePlaces ? 0 : _objects.BytesWith(count));

    /// <summary>Adds the values of pairs.</summary>
    /// <param name="pairs">Slices that are in the arena already come in the order of their bytes.</param>
    /// <param name="entries">As many; receive prefix and position of each.</param>
    /// <exception cref="OverflowException">Texts and slices have more than 4 GiB: it was added to one that is full.</exception>
    public void Add(ReadOnlySpan<(long Key, T Value)> pairs, ReadOnlySpan<ulong> prefixes, Span<SortEntry> entries)
    {
        if (ArePlaces)
        {
            AddPlaces(pairs, prefixes, entries);
            return;
        }

        var start = _objects.Count;
        var objects = _objects.ExtendTo(start + pairs.Length)[start..];
        for (var i = 0; i < objects.Length; i++)
        {
            objects[i] = pairs[i].Value;
            entries[i] = new SortEntry(prefixes[i], (uint)(start + i));
        }
    }

    /// <summary>One element.</summary>
    public T Get(SortEntry entry)
    {
        if (!ArePlaces)
        {
            return _objects.Span[(int)entry.Position];
        }

        var slice = ByteArena.SliceAt(Arena.Blocks, entry.Position, entry.Length);
        return Unsafe.As<ByteSlice, T>(ref slice);
    }

    /// <summary>Elements, and asks for their bytes.</summary>
    /// <param name="entries">At most a batch.</param>
    public void Get(ReadOnlySpan<SortEntry> entries, Span<T> target)
    {
        // Sorted elements are everywhere, so all waits for them should overlap.
        if (ArePlaces)
        {
            var blocks = Arena.Blocks;
            var slices = MemoryMarshal.CreateSpan(ref Unsafe.As<T, ByteSlice>(ref MemoryMarshal.GetReference(target)), target.Length);
            for (var i = 0; i < entries.Length; i++)
            {
                slices[i] = ByteArena.SliceAt(blocks, entries[i].Position, entries[i].Length);
            }
        }
        else
        {
            var objects = _objects.Span;
            var numbers = NumbersOf(entries);
            Prefetch.Elements(objects, numbers);
            for (var i = 0; i < numbers.Length; i++)
            {
                target[i] = objects[numbers[i]];
            }
        }

        Prefetch.Bytes<T>(target[..entries.Length]);
    }

    /// <summary>Removes all elements and keeps most of the memory.</summary>
    public void Clear()
    {
        _objects.Clear();
        Arena.Recycle();
    }

    /// <summary>Removes all elements, and returns the memory.</summary>
    public void Dispose()
    {
        _objects.Dispose();
        Arena.Dispose();
    }

    private Span<int> NumbersOf(ReadOnlySpan<SortEntry> entries)
    {
        if (_numbers.Length < entries.Length)
        {
            _numbers = new int[Math.Max(entries.Length, BatchReader.Capacity)];
        }

        for (var i = 0; i < entries.Length; i++)
        {
            _numbers[i] = (int)entries[i].Position;
        }

        return _numbers.AsSpan(0, entries.Length);
    }

    private void AddPlaces(ReadOnlySpan<(long Key, T Value)> pairs, ReadOnlySpan<ulong> prefixes, Span<SortEntry> entries)
    {
        ByteBlock? last = null;
        for (var i = 0; i < entries.Length; i++)
        {
            var slice = Unsafe.As<T, ByteSlice>(ref Unsafe.AsRef(in pairs[i].Value));
            var (block, start) = (slice.Block, slice.Start);
            if (block is null || (!ReferenceEquals(block, last) && !Arena.Has(block)))
            {
                // From a source that has memory of its own.
                start = Arena.Add(slice.Span, out block);
            }

            last = block;
            entries[i] = new SortEntry(prefixes[i], ByteArena.AddressOf(block, start), slice.Length);
        }

        // No two elements with a batch between them may have one address, since addresses tell which map task an element is from.
        if (entries.Length > 0 && entries[^1].Length == 0)
        {
            Arena.Add([0], out _);
        }
    }
}
