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
    private PooledList<TValue> _values = new();
    private PooledList<int> _owners = new();
    private PooledList<Group> _groups = new();
    private PooledList<TValue> _sorted = new();

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

    /// <summary>Places the values by key, by counting.</summary>
    public override void Complete()
    {
        var owners = _owners.Span;
        var groups = _groups.ExtendTo(Index.Count);
        groups.Clear();
        foreach (var owner in owners)
        {
            groups[owner].Count++;
        }

        SetStarts(groups);

        // Each end begins at the start and moves while values are placed.
        var sorted = _sorted.ExtendTo(_values.Count);
        var values = _values.Span;
        for (var i = 0; i < owners.Length; i++)
        {
            sorted[groups[owners[i]].End++] = values[i];
        }
    }

    public override void Read(ReadOnlySpan<int> numbers, Span<(TKey Key, TValue[] Value)> pairs)
    {
        var keys = Index.Keys;
        var values = _sorted.Span;
        var groups = _groups.Span;
        Prefetch.Elements(groups, numbers);
        for (var i = 0; i < numbers.Length; i++)
        {
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

    private void SetStarts(Span<Group> groups)
    {
        var order = new PooledList<int>();
        try
        {
            var numbers = order.ExtendTo(groups.Length)[..groups.Length];
            ListNumbers(numbers);
            var start = 0;
            foreach (var number in numbers)
            {
                groups[number].End = start;
                start += groups[number].Count;
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
