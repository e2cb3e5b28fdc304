using Dpark.Memory;
using Dpark.Shuffle;
using Dpark.Text;

namespace Dpark.Rdds.Operators;

/// <summary>
/// The pairs of one side of a join in memory, by key. Keys are numbered; while no key comes twice, a value has the number of its key and nothing else is kept.
/// Null is a key like any other. Used by one thread.
/// </summary>
/// <param name="memory">What it may hold; owned.</param>
internal sealed class JoinTable<TKey, TValue>(MemoryClaim memory) : LoadedPairs<TKey, TValue>
{
    private readonly HeapGauge _gauge = new(memory, Spillable<TKey, TValue>.HasHeapBytes);
    private readonly KeyIndex<TKey> _index = KeyIndex<TKey>.CreateLocal();
    private readonly TKey[] _batchKeys = new TKey[BatchReader.Capacity];
    private readonly int[] _batchNumbers = new int[BatchReader.Capacity];
    private PooledList<TValue> _values = new();

    // Only used once a key came twice: the key of each value as it came, then where the values of each key start.
    private PooledList<int> _owners = new();
    private PooledList<int> _starts = new();
    private bool _isUnique = true;

    public override bool IsFull => _gauge.IsFull(ArrayBytes, this, static table => Spillable<TKey, TValue>.HeapBytes(table._index.Keys, table._values.Span));

    public override long PairCount => _values.Count;

    /// <summary>Distinct keys.</summary>
    public int KeyCount => _index.Count;

    /// <summary>Whether every key has one value, so that <see cref="Values"/> are by number.</summary>
    public bool IsUnique => _isUnique;

    /// <summary>All values, those of one key in a row. Valid once it is complete.</summary>
    public Span<TValue> Values => _values.Span;

    /// <summary>The key with a number.</summary>
    public TKey KeyOf(int number) => _index.Keys[number];

    /// <summary>Adds a batch.</summary>
    public void Add(ReadOnlySpan<(TKey Key, TValue Value)> pairs)
    {
        var keys = _batchKeys.AsSpan(0, pairs.Length);
        var numbers = _batchNumbers.AsSpan(0, pairs.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = pairs[i].Key;
        }

        var known = _index.Count;
        var start = _values.Count;
        _index.Locate(keys, numbers);
        if (_isUnique && _index.Count != known + pairs.Length)
        {
            _isUnique = false;
            KeyOrder.Number(_owners.ExtendTo(start));
        }

        if (!_isUnique)
        {
            numbers.CopyTo(_owners.ExtendTo(start + numbers.Length)[start..]);
        }

        var values = _values.ExtendTo(start + pairs.Length)[start..];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = pairs[i].Value;
        }

        BorrowedBytes<TValue>.KeepAll(values);
    }

    /// <summary>Puts the values of each key in a row. Nothing is added afterwards.</summary>
    public void Complete()
    {
        var isComplete = _starts.Count > 0;
        if (_isUnique || isComplete)
        {
            return;
        }

        var owners = _owners.Span;
        var starts = _starts.ExtendTo(_index.Count + 1);
        starts.Clear();
        foreach (var owner in owners)
        {
            starts[owner + 1]++;
        }

        for (var key = 0; key < _index.Count; key++)
        {
            starts[key + 1] += starts[key];
        }

        // Each start moves to the start of the next key while its values are placed.
        var sorted = new PooledList<TValue>();
        var target = sorted.ExtendTo(_values.Count);
        var values = _values.Span;
        for (var i = 0; i < owners.Length; i++)
        {
            target[starts[owners[i]]++] = values[i];
        }

        _values.Dispose();
        _values = sorted;
        _owners.Dispose();
    }

    /// <summary>The number of each key; -1 for those that are not there.</summary>
    /// <param name="keys">At most <see cref="BatchReader.Capacity"/>.</param>
    public void Find(ReadOnlySpan<TKey> keys, Span<int> numbers)
    {
        _index.Find(keys, numbers);
        if (_isUnique)
        {
            Prefetch.Elements(_values.Span, numbers[..keys.Length]);
        }
    }

    /// <summary>Where the values of a key are.</summary>
    public (int Start, int End) RangeOf(int number)
    {
        if (_isUnique)
        {
            return (number, number + 1);
        }

        var ends = _starts.Span;
        return (number == 0 ? 0 : ends[number - 1], ends[number]);
    }

    public override BatchReader<(TKey Key, TValue Value)> Read()
    {
        Complete();
        return new Reader(this);
    }

    public override MemoryExhaustedException Exhausted() => memory.Exhausted(ArrayBytes);

    public override void Dispose()
    {
        _index.Dispose();
        _values.Dispose();
        _owners.Dispose();
        _starts.Dispose();
        memory.Dispose();
    }

    // Where a key comes twice, the values are there twice while they are put in a row.
    private long ArrayBytes
    {
        get
        {
            var count = (long)_values.Count + BatchReader.Capacity;
            var values = _index.BytesWithBatch + _values.BytesWith(count);
            return _isUnique ? values : values + _values.BytesWith(count) + _owners.BytesWith(count) + _starts.BytesWith(_index.Count + BatchReader.Capacity);
        }
    }

    /// <summary>Reads the pairs by key.</summary>
    private sealed class Reader(JoinTable<TKey, TValue> table) : BatchReader<(TKey Key, TValue Value)>
    {
        private readonly (TKey Key, TValue Value)[] _output = new (TKey Key, TValue Value)[BatchReader.Capacity];
        private int _number;
        private int _next;

        public override ReadOnlySpan<(TKey Key, TValue Value)> Next()
        {
            var count = 0;
            for (; _number < table.KeyCount && count < _output.Length; _number++)
            {
                var (_, end) = table.RangeOf(_number);
                for (; _next < end && count < _output.Length; _next++)
                {
                    _output[count++] = (table.KeyOf(_number), table.Values[_next]);
                }

                if (_next < end)
                {
                    break;
                }
            }

            return _output.AsSpan(0, count);
        }
    }
}
