using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Codecs;
using Dpark.Memory;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Text;

namespace Dpark.Shuffle;

/// <summary>
/// Keeps all values of each key. They are kept in the order in which they come, with the number of their key, and placed by key once at the end. Keys that are
/// integers close together are read in ascending order: whoever looks the groups up by key later, for each iteration of a job, then walks through memory once.
/// </summary>
internal sealed class GroupingBuffer<TKey, TValue>(MemoryClaim memory) : IndexedPairBuffer<TKey, TValue, TValue[]>(memory)
{
    // The arrays that are handed out take as much as the values again, a few at a time.
    private readonly HeapGauge _gauge = new(memory, !RecordCodec<TKey>.Default.IsInline || !RecordCodec<TValue>.Default.IsInline);
    private LargeList<TValue> _values = new();
    private LargeList<int> _owners = new();
    private LargeList<Group> _groups = new();
    private LargeList<TValue> _sorted = new();

    public override bool IsFull => _gauge.IsFull(ArrayBytes, this, static buffer =>
        RecordCodec<TKey>.Default.HeapBytes(buffer.Index.Keys, depth: 0) + RecordCodec<TValue>.Default.HeapBytes(buffer._values.Span, depth: 0));

    private long ArrayBytes
    {
        get
        {
            var values = (long)_values.Count + BatchReader.Capacity;
            return Index.BytesWithBatch + (2 * _values.BytesWith(values)) + _owners.BytesWith(values) + _groups.BytesWith(Index.Count + BatchReader.Capacity);
        }
    }

    /// <summary>Takes the memory for so many values at once, if there is as much: on pages of its own, and without copies while they come. Called while it is empty.</summary>
    /// <param name="count">About how many pairs will be added.</param>
    public void Reserve(long count)
    {
        // Counts are measured by bytes, so they are not exact where pairs have different lengths.
        var most = count + (count / 32) + BatchReader.Capacity;
        if (count <= BatchReader.Capacity || most > Array.MaxLength
            || (2 * LargeList<TValue>.BytesReserved((int)most)) + LargeList<int>.BytesReserved((int)most) > Memory.RoomBytes)
        {
            return;
        }

        _values.Reserve((int)most);
        _owners.Reserve((int)most);
        if (!Memory.TryHold(ArrayBytes))
        {
            _values.Dispose();
            _owners.Dispose();
        }
    }

    /// <summary>Places the values by key, by counting.</summary>
    public override void Complete()
    {
        _groups.Reserve(Index.Count);
        _sorted.Reserve(_values.Count);
        var groups = _groups.ExtendTo(Index.Count);
        groups.Clear();
        CountValues(_owners.Span, groups);
        SetStarts(groups);
        Place(_values.Span, _owners.Span, groups, _sorted.ExtendTo(_values.Count));
    }

    public override void Read(ReadOnlySpan<int> numbers, Span<(TKey Key, TValue[] Value)> pairs)
    {
        var keys = Index.Keys;
        var values = _sorted.Span;
        var groups = _groups.Span;
        for (var i = 0; i < numbers.Length; i++)
        {
            var ahead = numbers[Math.Min(i + Prefetch.Distance, numbers.Length - 1)];
            Prefetch.Element(in groups[ahead]);
            Prefetch.Element(in keys[ahead]);
            var number = numbers[i];
            var group = groups[number];
            pairs[i] = (keys[number], values.Slice(group.End - group.Count, group.Count).ToArray());
        }
    }

    /// <summary>Reads the next pairs in the order in which they were added. Not after <see cref="Complete"/>.</summary>
    /// <param name="position">0 for the first ones; is moved on.</param>
    /// <returns>How many there are; 0 at the end.</returns>
    public int ReadAsAdded(ref int position, Span<(TKey Key, TValue Value)> pairs)
    {
        var keys = Index.Keys;
        var values = _values.Span[position..];
        var owners = _owners.Span[position..];
        var count = Math.Min(pairs.Length, values.Length);
        for (var i = 0; i < count; i++)
        {
            pairs[i] = (keys[owners[i]], values[i]);
        }

        position += count;
        return count;
    }

    /// <remarks>Ascending ranges, as there is an order in which groups are read: whoever looks them up later has them in that order either way.</remarks>
    public override Partitioner? TryMakeRanges() => NumberTable<TKey, int>.IsSupported ? RangeSpreadPartitioner.TryBalance(Index.Keys, _owners.Span) : null;

    protected override void RemoveAll()
    {
        Index.Clear();
        _values.Clear();
        _owners.Clear();
        _groups.Clear();
        _sorted.Clear();
        _gauge.Reset();
    }

    protected override void ReleaseAll()
    {
        Index.Dispose();
        _values.Dispose();
        _owners.Dispose();
        _groups.Dispose();
        _sorted.Dispose();
        _gauge.Reset();
    }

    private protected override void ListNumbers(Span<int> numbers) => Index.ListNumbers(numbers);

    private protected override void AddValues(ReadOnlySpan<(TKey Key, TValue Value)> pairs, ReadOnlySpan<int> numbers, int known)
    {
        var start = _values.Count;
        var values = _values.ExtendTo(start + pairs.Length)[start..];
        for (var i = 0; i < pairs.Length; i++)
        {
            values[i] = pairs[i].Value;
        }

        BorrowedBytes<TValue>.KeepAll(values);

        numbers.CopyTo(_owners.ExtendTo(start + numbers.Length)[start..]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CountValues(ReadOnlySpan<int> owners, Span<Group> groups)
    {
        for (var i = 0; i < owners.Length; i++)
        {
            Prefetch.Element(in groups[owners[Math.Min(i + Prefetch.Distance, owners.Length - 1)]]);
            groups[owners[i]].Count++;
        }
    }

    // Each end begins at the start of its group and moves while values are placed. Where a value will go is known once its group is near, which is asked for twice as early.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Place(ReadOnlySpan<TValue> values, ReadOnlySpan<int> owners, Span<Group> groups, Span<TValue> sorted)
    {
        values = values[..owners.Length];
        ref var first = ref MemoryMarshal.GetReference(sorted);
        for (var i = 0; i < owners.Length; i++)
        {
            Prefetch.Element(in groups[owners[Math.Min(i + (2 * Prefetch.Distance), owners.Length - 1)]]);
            Prefetch.Element(in Unsafe.Add(ref first, groups[owners[Math.Min(i + Prefetch.Distance, owners.Length - 1)]].End));
            sorted[groups[owners[i]].End++] = values[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void SetStarts(Span<Group> groups)
    {
        var order = new PooledList<int>();
        try
        {
            var numbers = order.ExtendTo(groups.Length)[..groups.Length];
            ListNumbers(numbers);
            var start = 0;
            for (var i = 0; i < numbers.Length; i++)
            {
                Prefetch.Element(in groups[numbers[Math.Min(i + Prefetch.Distance, numbers.Length - 1)]]);
                ref var group = ref groups[numbers[i]];
                group.End = start;
                start += group.Count;
            }
        }
        finally
        {
            order.Dispose();
        }
    }

    private struct Group
    {
        public int Count;
        public int End;
    }
}
