using System.Runtime.CompilerServices;
using Dpark.Memory;
using Dpark.Shuffle;

namespace Dpark.Rdds.Operators;

/// <summary>
/// The pairs of one side of a join in memory as long as no key comes twice, for what a <see cref="NumberTable{TKey, TValue}"/> can keep: a lookup finds the value
/// itself, not its number. Used by one thread.
/// </summary>
/// <param name="memory">What it may hold; owned.</param>
/// <param name="expectedCount">About how many pairs will come; 0 if nobody knows.</param>
internal sealed class UniquePairs<TKey, TValue>(MemoryClaim memory, long expectedCount = 0) : LoadedPairs<TKey, TValue>
{
    // Unlike that of the map side, whose pairs may come in the order of their places; see NumberTable.
    private const ulong Multiplier = 0xD6E8_FEB8_6659_FD93;

    /// <summary>Whether pairs of these types can be kept.</summary>
    public static bool IsSupported => NumberTable<TKey, TValue>.IsSupported;

    /// <summary>The pairs by key.</summary>
    public NumberTable<TKey, TValue> Table { get; } = new(Multiplier, memory) { ExpectedCount = expectedCount };

    // A dense table has no places for pairs that came, and there is no memory for a larger one.
    private bool _isOutOfRange;

    public override bool IsFull =>
        _isOutOfRange || !(Table.TryBecomeDenseInTime(BatchReader.Capacity)
            || memory.TryHold(Table.BytesUnlessWidened(BatchReader.Capacity)) || Table.TryBecomeDense(BatchReader.Capacity));

    public override long PairCount => Table.Count;

    /// <summary>Adds pairs of a batch up to the first one whose key is there already; none, if there is no room for their keys: then <see cref="IsFull"/>.</summary>
    /// <returns>How many were added.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int Add(ReadOnlySpan<(TKey Key, TValue Value)> pairs)
    {
        Table.Reserve(pairs.Length);
        if (Table.Dense is { } dense && !HasPlaces(dense, pairs) && Table.Widen(pairs) == Widening.NoRoom)
        {
            _isOutOfRange = true;
            return 0;
        }

        for (var i = 0; i < pairs.Length; i++)
        {
            Table.FetchPlaceOf(pairs[Math.Min(i + Prefetch.Distance, pairs.Length - 1)].Key);
            ref var value = ref Table.GetOrAdd(pairs[i].Key, out var exists);
            if (exists)
            {
                return i;
            }

            value = pairs[i].Value;
        }

        return pairs.Length;
    }

    public override BatchReader<(TKey Key, TValue Value)> Read() => new Reader(Table);

    public override MemoryExhaustedException Exhausted() => memory.Exhausted(Table.BytesWith(BatchReader.Capacity));

    public override void Dispose()
    {
        Table.Dispose();
        memory.Dispose();
    }

    private static bool HasPlaces(DenseTable<TKey, TValue> dense, ReadOnlySpan<(TKey Key, TValue Value)> pairs)
    {
        var farthest = 0UL;
        foreach (var (key, _) in pairs)
        {
            farthest = Math.Max(farthest, dense.OffsetOf(key));
        }

        return farthest < (ulong)dense.PlaceCount;
    }

    /// <summary>Reads the pairs in the order of their places.</summary>
    private sealed class Reader(NumberTable<TKey, TValue> table) : BatchReader<(TKey Key, TValue Value)>
    {
        private readonly (TKey Key, TValue Value)[] _output = new (TKey Key, TValue Value)[Math.Min(BatchReader.Capacity, table.Count)];
        private int[]? _places;
        private int _next;

        public override ReadOnlySpan<(TKey Key, TValue Value)> Next()
        {
            if (_places is null)
            {
                _places = new int[table.Count];
                table.ListPlaces(_places);
            }

            var some = _places.AsSpan(_next, Math.Min(_output.Length, _places.Length - _next));
            table.Read(some, _output);
            _next += some.Length;
            return _output.AsSpan(0, some.Length);
        }
    }
}
