using Dpark.Codecs;
using Dpark.Memory;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Rdds.Operators;
using Dpark.Shuffle;
using Dpark.Text;

namespace Dpark.Sorting;

/// <summary>How elements are put in order.</summary>
/// <param name="KeySelector">The key of an element.</param>
/// <param name="Comparer"><see langword="null"/>: the default order.</param>
internal sealed record SortOrder<T, TKey>(Func<T, TKey> KeySelector, IComparer<TKey>? Comparer, bool IsDescending)
{
    /// <summary>The order of keys before it is turned around.</summary>
    public IComparer<TKey> KeyComparer => Comparer ?? DefaultOrder<TKey>.Comparer;

    /// <summary>The beginnings of keys, if the order has them.</summary>
    public SortPrefix<TKey>? Prefix => Comparer is null ? SortPrefix<TKey>.Default : null;

    /// <summary>Whether equal prefixes leave something to compare.</summary>
    public bool NeedsKeys => Prefix is not { IsExact: true };

    /// <summary>The beginnings of keys, turned around if the order is; all equal if there are none.</summary>
    public void GetPrefixes(ReadOnlySpan<TKey> keys, Span<ulong> prefixes)
    {
        if (Prefix is not { } prefix)
        {
            prefixes.Clear();
            return;
        }

        prefix.Get(keys, prefixes);
        if (IsDescending)
        {
            foreach (ref var value in prefixes)
            {
                value = ~value;
            }
        }
    }
}

/// <summary>Gathers elements with the map task that each comes from, and sorts them by key, equal keys in the parent's order. Used by one thread.</summary>
/// <param name="memory">What it may hold; owned.</param>
internal sealed class SortBuffer<T, TKey>(SortOrder<T, TKey> order, MemoryClaim memory, CancellationToken cancellationToken) : IDisposable
{
    // Their bytes are asked for at once, and should still be in the nearest cache when they are used.
    private const int PlacesAtOnce = 256;

    private readonly HeapGauge _gauge = new(memory, !RecordCodec<T>.Default.IsInline && !SortElements<T>.ArePlaces);
    private readonly TKey[] _batchKeys = new TKey[BatchReader.Capacity];
    private readonly ulong[] _batchPrefixes = new ulong[BatchReader.Capacity];
    private readonly SortElements<T> _elements = new();
    private RunPacer _pacer = new(cancellationToken);
    private PageList<Part> _parts;
    private PageList<SortEntry> _entries;

    /// <summary>Where texts and slices of the elements are.</summary>
    public ByteArena Arena => _elements.Arena;

    /// <summary>Elements held.</summary>
    public int Count => _entries.Count;

    /// <summary>Whether another batch could exceed what it may hold. Not asked while it is empty.</summary>
    public bool IsFull => _elements.IsFull || _gauge.IsFull(ArrayBytes, this, static buffer => RecordCodec<T>.Default.HeapBytes(buffer._elements.Objects, depth: 0));

    // Entries are needed twice while they are sorted.
    private long ArrayBytes
    {
        get
        {
            var count = (long)Count + BatchReader.Capacity;
            return _elements.BytesWith(count) + _parts.BytesWith((long)_parts.Count + BatchReader.Capacity) + (2 * _entries.BytesWith(count));
        }
    }

    /// <summary>
    /// Takes the memory for the entries of all elements at once, if they fit with what they refer to: a list that grows is copied, and its pages have other lengths than those that were
    /// returned. Called while it is empty.
    /// </summary>
    /// <param name="count">About how many elements will be added.</param>
    /// <param name="elementBytes">About how many bytes they will take.</param>
    public void Reserve(long count, long elementBytes)
    {
        // Counts are measured by bytes, so they are not exact where elements have different lengths.
        var most = count + (count / 16) + BatchReader.Capacity;
        if (count <= BatchReader.Capacity || most > Array.MaxLength
            || elementBytes + (2 * _entries.BytesWith(PageList<SortEntry>.CapacityReaching((int)most))) > memory.RoomBytes)
        {
            return;
        }

        _entries.Reserve((int)most);
        if (!memory.TryHold(ArrayBytes))
        {
            _entries.Dispose();
        }
    }

    /// <summary>Adds a batch.</summary>
    /// <param name="pairs">Each element behind a key of <see cref="BucketPartitioner"/>, whose tag is the map task.</param>
    public void Add(ReadOnlySpan<(long Key, T Value)> pairs)
    {
        var keys = _batchKeys.AsSpan(0, pairs.Length);
        for (var i = 0; i < keys.Length;)
        {
            for (var end = _pacer.EndOfRun(i, keys.Length); i < end; i++)
            {
                keys[i] = order.KeySelector(pairs[i].Value);
            }
        }

        order.GetPrefixes(keys, _batchPrefixes.AsSpan(0, keys.Length));
        var start = Count;
        var entries = _entries.ExtendTo(start + pairs.Length)[start..];
        _elements.Add(pairs, _batchPrefixes, entries);
        AddParts(pairs, entries, start);
    }

    /// <summary>Sorts what was added. Nothing is added until <see cref="Clear"/>.</summary>
    public void Sort()
    {
        ArrangeByMap();
        if (order.Prefix is not null)
        {
            var scratch = new PageList<SortEntry>();
            try
            {
                // Of the same length as the entries, so that each can be the other of the next sort.
                scratch.Reserve(_entries.Capacity);
                RadixSort.Sort(_entries.Span, scratch.ExtendTo(Count)[..Count]);
            }
            finally
            {
                scratch.Dispose();
            }
        }

        if (order.NeedsKeys)
        {
            SortEqualPrefixes();
        }
    }

    /// <summary>The sorted elements.</summary>
    public BatchReader<T> Open() => new ElementReader(this);

    /// <summary>The sorted elements as they were added, each with its map task.</summary>
    public BatchReader<(long Key, T Value)> OpenTagged() => new TaggedReader(this);

    /// <summary>Removes everything. Keeps the memory of arrays, unless others need it.</summary>
    public void Clear()
    {
        if (memory.MustGiveBack)
        {
            ReleaseAll();
            memory.Release();
            return;
        }

        _elements.Clear();
        _parts.Clear();
        _entries.Clear();
        _gauge.Reset();
    }

    /// <summary>Returns the memory.</summary>
    public void Dispose()
    {
        ReleaseAll();
        memory.Dispose();
    }

    private void ReleaseAll()
    {
        _elements.Dispose();
        _parts.Dispose();
        _entries.Dispose();
        _gauge.Reset();
    }

    private void AddParts(ReadOnlySpan<(long Key, T Value)> pairs, ReadOnlySpan<SortEntry> entries, int start)
    {
        for (var i = 0; i < pairs.Length; i++)
        {
            var map = BucketPartitioner.TagOf(pairs[i].Key);
            var count = _parts.Count;
            if (count == 0 || _parts.Span[count - 1].Map != map)
            {
                _parts.ExtendTo(count + 1)[count] = new Part(entries[i].Position, start + i, map);
            }
        }
    }

    /// <summary>Map outputs arrive in any order, also interleaved; within one, elements keep their order.</summary>
    private void ArrangeByMap()
    {
        var maps = new int[_parts.Count];
        var isArranged = true;
        for (var i = 0; i < maps.Length; i++)
        {
            maps[i] = _parts.Span[i].Map;
            isArranged &= i == 0 || maps[i - 1] <= maps[i];
        }

        if (isArranged)
        {
            return;
        }

        var arranged = new PageList<SortEntry>();
        var target = arranged.ExtendTo(Count);
        foreach (var number in StableSort.Order(maps, Comparer<int>.Default, isDescending: false))
        {
            var end = number + 1 < maps.Length ? _parts.Span[number + 1].First : Count;
            var part = _entries.Span[_parts.Span[number].First..end];
            part.CopyTo(target);
            target = target[part.Length..];
        }

        _entries.Dispose();
        _entries = arranged;
    }

    // Positions ascend as elements are added, whatever the order of the entries is by now.
    private int MapOf(uint position)
    {
        var parts = _parts.Span;
        int low = 1, high = parts.Length;
        while (low < high)
        {
            var middle = (int)(((uint)low + (uint)high) / 2);
            if (parts[middle].Position <= position)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return parts[low - 1].Map;
    }

    private void SortEqualPrefixes()
    {
        var entries = _entries.Span;
        for (int start = 0, end; start < entries.Length; start = end)
        {
            for (end = start + 1; end < entries.Length && entries[end].Prefix == entries[start].Prefix; end++)
            {
            }

            if (end - start > 1)
            {
                cancellationToken.ThrowIfCancellationRequested();
                SortByKey(entries[start..end]);
            }
        }
    }

    // Few prefixes are equal, so keys are made once more instead of kept.
    private void SortByKey(Span<SortEntry> entries)
    {
        var someKeys = new TKey[entries.Length];
        for (var i = 0; i < someKeys.Length;)
        {
            for (var end = _pacer.EndOfRun(i, someKeys.Length); i < end; i++)
            {
                someKeys[i] = order.KeySelector(_elements.Get(entries[i]));
            }
        }

        var some = entries.ToArray();
        var positions = StableSort.Order(someKeys, order.KeyComparer, order.IsDescending);
        for (var i = 0; i < some.Length; i++)
        {
            entries[i] = some[positions[i]];
        }
    }

    private ReadOnlySpan<SortEntry> Batch(int start, int most) => _entries.Span.Slice(start, Math.Min(most, Count - start));

    /// <summary>Elements that were added one after the other, all from one map task.</summary>
    /// <param name="Position">Of the first one.</param>
    /// <param name="First">Its number.</param>
    private readonly record struct Part(uint Position, int First, int Map);

    private sealed class ElementReader(SortBuffer<T, TKey> buffer) : BatchReader<T>
    {
        private readonly T[] _output = new T[Math.Min(SortElements<T>.ArePlaces ? PlacesAtOnce : BatchReader.Capacity, buffer.Count)];
        private int _next;

        public override ReadOnlySpan<T> Next()
        {
            var entries = buffer.Batch(_next, _output.Length);
            _next += entries.Length;
            buffer._elements.Get(entries, _output);
            return _output.AsSpan(0, entries.Length);
        }
    }

    private sealed class TaggedReader(SortBuffer<T, TKey> buffer) : BatchReader<(long Key, T Value)>
    {
        private readonly (long Key, T Value)[] _output = new (long Key, T Value)[Math.Min(BatchReader.Capacity, buffer.Count)];
        private readonly T[] _values = new T[Math.Min(BatchReader.Capacity, buffer.Count)];
        private int _next;

        public override ReadOnlySpan<(long Key, T Value)> Next()
        {
            var entries = buffer.Batch(_next, _output.Length);
            _next += entries.Length;
            buffer._elements.Get(entries, _values);
            for (var i = 0; i < entries.Length; i++)
            {
                _output[i] = (BucketPartitioner.KeyOf(0, buffer.MapOf(entries[i].Position)), _values[i]);
            }

            return _output.AsSpan(0, entries.Length);
        }
    }
}
