using System.Numerics;
using Dpark.Codecs;
using Dpark.Memory;
using Dpark.Rdds;
using Dpark.Text;

namespace Dpark.Shuffle;

/// <summary>Makes buffers that keep one combined value per key, the fastest for the types of the pairs.</summary>
internal static class CombiningBuffer
{
    // Odd numbers without a pattern in their bits. The pairs of one side are what fills the other.
    /// <summary>Of buffers for the pairs of a map task.</summary>
    public const ulong MapSideMultiplier = 0x9E37_79B9_7F4A_7C15;

    /// <summary>Of buffers for what map tasks have combined.</summary>
    public const ulong ReduceSideMultiplier = 0xD6E8_FEB8_6659_FD93;

    // The pairs of one level are what fills the next one, too.
    private const int LevelRotation = 9;

    /// <summary>An empty buffer for the pairs of a map task.</summary>
    /// <param name="memory">Owned.</param>
    public static PairBuffer<TKey, TValue, TCombined> OfMapSide<TKey, TValue, TCombined>(Aggregator<TValue, TCombined> aggregator, MemoryClaim memory) =>
        Create<TKey, TValue, TCombined>(aggregator.Create, aggregator.Merge, MapSideMultiplier, memory);

    /// <summary>An empty buffer for what map tasks have combined.</summary>
    /// <param name="memory">Owned.</param>
    public static PairBuffer<TKey, TCombined, TCombined> OfReduceSide<TKey, TCombined>(Func<TCombined, TCombined, TCombined> merge, MemoryClaim memory) =>
        Create<TKey, TCombined, TCombined>(static value => value, merge, ReduceSideMultiplier, memory);

    /// <summary>An empty buffer for pairs that were spread.</summary>
    /// <param name="multiplier">Of the buffer that they did not fit into at first.</param>
    /// <param name="level">How often they were spread.</param>
    /// <param name="memory">Owned.</param>
    public static PairBuffer<TKey, TCombined, TCombined> OfLevel<TKey, TCombined>(
        Func<TCombined, TCombined, TCombined> merge, ulong multiplier, int level, MemoryClaim memory) =>
        Create<TKey, TCombined, TCombined>(
            static value => value, merge, BitOperations.RotateLeft(multiplier, LevelRotation * level) | 1, memory, level == SpreadReader.LastLevel);

    private static PairBuffer<TKey, TValue, TCombined> Create<TKey, TValue, TCombined>(
        Func<TValue, TCombined> create, Func<TCombined, TValue, TCombined> merge, ulong multiplier, MemoryClaim memory, bool isSorted = false)
    {
        if (NumberTable<TKey, TCombined>.IsSupported)
        {
            return new NumberCombiningBuffer<TKey, TValue, TCombined>(create, merge, multiplier, memory, isSorted);
        }

        return typeof(TKey) == typeof(Utf8Text) && TextCombiningBuffer<TValue, TCombined>.IsSupported
            ? (PairBuffer<TKey, TValue, TCombined>)(object)new TextCombiningBuffer<TValue, TCombined>(create, merge, multiplier, memory)
            : new CombiningBuffer<TKey, TValue, TCombined>(create, merge, memory);
    }
}

/// <summary>Keeps one combined value per key.</summary>
internal sealed class CombiningBuffer<TKey, TValue, TCombined>(
    Func<TValue, TCombined> create, Func<TCombined, TValue, TCombined> merge, MemoryClaim memory) : IndexedPairBuffer<TKey, TValue, TCombined>(memory)
{
    private readonly HeapGauge _gauge = new(memory, !RecordCodec<TKey>.Default.IsInline || !RecordCodec<TCombined>.Default.IsInline);
    private PooledList<TCombined> _values = new();

    public override bool IsFull => _gauge.IsFull(Index.BytesWithBatch + _values.BytesWith(Index.Count + BatchReader.Capacity), this, static buffer =>
        RecordCodec<TKey>.Default.HeapBytes(buffer.Index.Keys, depth: 0) + RecordCodec<TCombined>.Default.HeapBytes(buffer._values.Span, depth: 0));

    public override bool CanAddKnown => RecordCodec<TCombined>.Default.IsInline;

    public override void Complete()
    {
    }

    public override void Begin(ReadOnlySpan<(TKey Key, TValue Value)> pairs, Span<(TKey Key, TCombined Value)> begun)
    {
        for (var i = 0; i < pairs.Length; i++)
        {
            begun[i] = (pairs[i].Key, create(pairs[i].Value));
        }
    }

    public override int ReadOn(ref int position, Span<(TKey Key, TCombined Value)> pairs)
    {
        var keys = Index.Keys[position..];
        var values = _values.Span.Slice(position, keys.Length);
        var count = Math.Min(pairs.Length, keys.Length);
        for (var i = 0; i < count; i++)
        {
            pairs[i] = (keys[i], values[i]);
        }

        position += count;
        return count;
    }

    public override void Read(ReadOnlySpan<int> numbers, Span<(TKey Key, TCombined Value)> pairs)
    {
        var keys = Index.Keys;
        var values = _values.Span;
        for (var i = 0; i < numbers.Length; i++)
        {
            pairs[i] = (keys[numbers[i]], values[numbers[i]]);
        }
    }

    protected override int AddKnown(ReadOnlySpan<(TKey Key, TValue Value)> pairs, ReadOnlySpan<int> numbers, Span<(TKey Key, TCombined Value)> others)
    {
        var values = _values.Span;
        var count = 0;
        for (var i = 0; i < numbers.Length; i++)
        {
            if (numbers[i] < 0)
            {
                others[count++] = (pairs[i].Key, create(pairs[i].Value));
            }
            else
            {
                ref var value = ref values[numbers[i]];
                value = merge(value, pairs[i].Value);
            }
        }

        return count;
    }

    protected override void RemoveAll()
    {
        Index.Clear();
        _values.Clear();
        _gauge.Reset();
    }

    protected override void ReleaseAll()
    {
        Index.Dispose();
        _values.Dispose();
        _gauge.Reset();
    }

    private static void KeepBorrowed(Span<TCombined> values, ReadOnlySpan<int> numbers)
    {
        using var scratch = new Scratch<TCombined>(numbers.Length);
        for (var i = 0; i < numbers.Length; i++)
        {
            scratch.Span[i] = values[numbers[i]];
        }

        BorrowedBytes<TCombined>.KeepAll(scratch.Span);
        for (var i = 0; i < numbers.Length; i++)
        {
            values[numbers[i]] = scratch.Span[i];
        }
    }

    private protected override void AddValues(ReadOnlySpan<(TKey Key, TValue Value)> pairs, ReadOnlySpan<int> numbers, int known)
    {
        var values = _values.ExtendTo(Index.Count);
        Prefetch.Elements(values, numbers);
        var next = known;
        for (var i = 0; i < numbers.Length; i++)
        {
            ref var value = ref values[numbers[i]];
            if (numbers[i] == next)
            {
                value = create(pairs[i].Value);
                next++;
            }
            else
            {
                value = merge(value, pairs[i].Value);
            }
        }

        if (BorrowedBytes<TCombined>.ArePossible)
        {
            KeepBorrowed(values, numbers);
        }
    }
}
