using Dpark.Codecs;
using Dpark.Rdds;
using Dpark.Text;

namespace Dpark.Shuffle;

/// <summary>Keeps all values of each key. They are kept in the order in which they come, with the number of their key, and sorted by key once at the end.</summary>
/// <param name="limit">Bytes at which it is full.</param>
internal sealed class GroupingBuffer<TKey, TValue>(long limit) : IndexedPairBuffer<TKey, TValue, TValue[]>
{
    // The arrays that are handed out take as much as the values again, a few at a time.
    private readonly HeapGauge _gauge = new(limit, !RecordCodec<TKey>.Default.IsInline || !RecordCodec<TValue>.Default.IsInline);
    private PooledList<TValue> _values = new();
    private PooledList<int> _owners = new();
    private PooledList<int> _starts = new();
    private PooledList<TValue> _sorted = new();

    public override bool IsFull => _gauge.IsFull(ArrayBytes, this, static buffer =>
        RecordCodec<TKey>.Default.HeapBytes(buffer.Index.Keys, depth: 0) + RecordCodec<TValue>.Default.HeapBytes(buffer._values.Span, depth: 0));

    private long ArrayBytes
    {
        get
        {
            var values = (long)_values.Count + BatchReader.Capacity;
            return Index.BytesWithBatch + (2 * _values.BytesWith(values)) + _owners.BytesWith(values) + _starts.BytesWith(Index.Count + BatchReader.Capacity);
        }
    }

    /// <summary>Sorts the values by key, by counting.</summary>
    public override void Complete()
    {
        var starts = _starts.ExtendTo(Index.Count + 1);
        starts.Clear();
        foreach (var owner in _owners.Span)
        {
            starts[owner + 1]++;
        }

        for (var key = 0; key < Index.Count; key++)
        {
            starts[key + 1] += starts[key];
        }

        // Each start moves to the start of the next key while its values are placed.
        var sorted = _sorted.ExtendTo(_values.Count);
        var values = _values.Span;
        var owners = _owners.Span;
        for (var i = 0; i < owners.Length; i++)
        {
            sorted[starts[owners[i]]++] = values[i];
        }
    }

    public override void Read(ReadOnlySpan<int> numbers, Span<(TKey Key, TValue[] Value)> pairs)
    {
        var keys = Index.Keys;
        var values = _sorted.Span;
        var ends = _starts.Span;
        for (var i = 0; i < numbers.Length; i++)
        {
            var number = numbers[i];
            var start = number == 0 ? 0 : ends[number - 1];
            pairs[i] = (keys[number], values[start..ends[number]].ToArray());
        }
    }

    public override void Clear()
    {
        Index.Clear();
        _values.Clear();
        _owners.Clear();
        _starts.Clear();
        _sorted.Clear();
        _gauge.Reset();
    }

    public override void Dispose()
    {
        Index.Dispose();
        _values.Dispose();
        _owners.Dispose();
        _starts.Dispose();
        _sorted.Dispose();
    }

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
}
