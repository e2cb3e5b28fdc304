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
    private readonly HeapGauge _gauge = new(memory, !RecordCodec<T>.Default.IsInline && !SortElements<T>.ArePlaces);
    private readonly TKey[] _batchKeys = new TKey[BatchReader.Capacity];
    private readonly ulong[] _batchPrefixes = new ulong[BatchReader.Capacity];
    private readonly SortElements<T> _elements = new();
    private RunPacer _pacer = new(cancellationToken);
    private PageList<int> _maps;
    private PageList<SortEntry> _entries;

    /// <summary>Where texts and slices of the elements are.</summary>
    public ByteArena Arena => _elements.Arena;

    /// <summary>Elements held.</summary>
    public int Count => _elements.Count;

    /// <summary>Whether another batch could exceed what it may hold. Not asked while it is empty.</summary>
    public bool IsFull => _gauge.IsFull(ArrayBytes, this, static buffer => RecordCodec<T>.Default.HeapBytes(buffer._elements.Objects, depth: 0));

    // Entries are needed twice while they are sorted.
    private long ArrayBytes
    {
        get
        {
            var count = (long)Count + BatchReader.Capacity;
            return _elements.BytesWith(count) + _maps.BytesWith(count) + (2 * _entries.BytesWith(count));
        }
    }

    /// <summary>Adds a batch.</summary>
    /// <param name="pairs">Each element behind a key of <see cref="BucketPartitioner"/>, whose tag is the map task.</param>
    public void Add(ReadOnlySpan<(long Key, T Value)> pairs)
    {
        var start = Count;
        _elements.Add(pairs);
        var maps = _maps.ExtendTo(start + pairs.Length)[start..];
        for (var i = 0; i < pairs.Length; i++)
        {
            maps[i] = BucketPartitioner.TagOf(pairs[i].Key);
        }

        var keys = _batchKeys.AsSpan(0, pairs.Length);
        for (var i = 0; i < keys.Length;)
        {
            for (var end = _pacer.EndOfRun(i, keys.Length); i < end; i++)
            {
                keys[i] = order.KeySelector(pairs[i].Value);
            }
        }

        order.GetPrefixes(keys, _batchPrefixes.AsSpan(0, keys.Length));
        var entries = _entries.ExtendTo(start + pairs.Length)[start..];
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = new SortEntry(_batchPrefixes[i], start + i);
        }
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
        _maps.Clear();
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
        _maps.Dispose();
        _entries.Dispose();
        _gauge.Reset();
    }

    /// <summary>Map outputs arrive in any order, also interleaved; within one, elements keep their order.</summary>
    private void ArrangeByMap()
    {
        var maps = _maps.Span;
        var isArranged = true;
        for (var i = 1; i < maps.Length && isArranged; i++)
        {
            isArranged = maps[i - 1] <= maps[i];
        }

        if (isArranged)
        {
            return;
        }

        var positions = StableSort.Order(maps.ToArray(), Comparer<int>.Default, isDescending: false);
        _elements.Arrange(positions);
        SortElements<T>.Arrange(ref _maps, positions);
        SortElements<T>.Arrange(ref _entries, positions);
        var entries = _entries.Span;
        for (var i = 0; i < entries.Length; i++)
        {
            entries[i] = entries[i] with { Number = i };
        }
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
                someKeys[i] = order.KeySelector(_elements.Get(entries[i].Number));
            }
        }

        var some = entries.ToArray();
        var positions = StableSort.Order(someKeys, order.KeyComparer, order.IsDescending);
        for (var i = 0; i < some.Length; i++)
        {
            entries[i] = some[positions[i]];
        }
    }

    private sealed class ElementReader(SortBuffer<T, TKey> buffer) : BatchReader<T>
    {
        private readonly T[] _output = new T[Math.Min(BatchReader.Capacity, buffer.Count)];
        private readonly int[] _numbers = new int[Math.Min(BatchReader.Capacity, buffer.Count)];
        private int _next;

        public override ReadOnlySpan<T> Next()
        {
            var entries = buffer._entries.Span[_next..];
            entries = entries[..Math.Min(entries.Length, _output.Length)];
            for (var i = 0; i < entries.Length; i++)
            {
                _numbers[i] = entries[i].Number;
            }

            _next += entries.Length;
            buffer._elements.Get(_numbers.AsSpan(0, entries.Length), _output);
            return _output.AsSpan(0, entries.Length);
        }
    }

    private sealed class TaggedReader(SortBuffer<T, TKey> buffer) : BatchReader<(long Key, T Value)>
    {
        private readonly (long Key, T Value)[] _output = new (long Key, T Value)[Math.Min(BatchReader.Capacity, buffer.Count)];
        private readonly T[] _values = new T[Math.Min(BatchReader.Capacity, buffer.Count)];
        private readonly int[] _numbers = new int[Math.Min(BatchReader.Capacity, buffer.Count)];
        private int _next;

        public override ReadOnlySpan<(long Key, T Value)> Next()
        {
            var entries = buffer._entries.Span[_next..];
            entries = entries[..Math.Min(entries.Length, _output.Length)];
            for (var i = 0; i < entries.Length; i++)
            {
                _numbers[i] = entries[i].Number;
            }

            buffer._elements.Get(_numbers.AsSpan(0, entries.Length), _values);
            var maps = buffer._maps.Span;
            for (var i = 0; i < entries.Length; i++)
            {
                _output[i] = (BucketPartitioner.KeyOf(0, maps[_numbers[i]]), _values[i]);
            }

            _next += entries.Length;
            return _output.AsSpan(0, entries.Length);
        }
    }
}
