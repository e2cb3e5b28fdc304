using System.Runtime.CompilerServices;
using Dpark.Partitioning;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>As <see cref="CombiningBuffer{TKey, TValue, TCombined}"/>, for what a <see cref="NumberTable{TKey, TValue}"/> can keep.</summary>
/// <param name="multiplier">See <see cref="NumberTable{TKey, TValue}"/>.</param>
/// <param name="limit">Bytes at which it is full.</param>
internal sealed class NumberCombiningBuffer<TKey, TValue, TCombined>(
    Func<TValue, TCombined> create, Func<TCombined, TValue, TCombined> merge, ulong multiplier, long limit) : PairBuffer<TKey, TValue, TCombined>
{
    // What is fetched for so many keys stays in the innermost cache until it is used.
    private const int FetchAheadKeys = 128;

    private readonly NumberTable<TKey, TCombined> _table = new(multiplier);

    // A task may hold the numbers and buckets of all pairs beside the pairs themselves when it writes them.
    public override bool IsFull => _table.BytesWith(BatchReader.Capacity) + (2L * sizeof(int) * _table.Count) > limit;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Add(ReadOnlySpan<(TKey Key, TValue Value)> pairs)
    {
        var table = _table;
        table.Reserve(pairs.Length);
        Span<int> positions = stackalloc int[FetchAheadKeys];
        while (!pairs.IsEmpty)
        {
            var some = pairs[..Math.Min(pairs.Length, FetchAheadKeys)];
            pairs = pairs[some.Length..];
            for (var i = 0; i < some.Length; i++)
            {
                var position = table.PositionOf(some[i].Key);
                positions[i] = position;
                table.FetchAhead(position);
            }

            for (var i = 0; i < some.Length; i++)
            {
                ref var value = ref table.GetOrAdd(some[i].Key, positions[i], out var exists);
                value = exists ? merge(value, some[i].Value) : create(some[i].Value);
            }
        }
    }

    public override void Complete()
    {
    }

    public override KeyOrder OrderAll()
    {
        var order = KeyOrder.OneBucket(_table.Count);
        _table.ListPlaces(order.NumbersOf(0));
        return order;
    }

    public override KeyOrder OrderByBucket(Partitioner partitioner)
    {
        var places = new PooledList<int>();
        var keys = new PooledList<TKey>();
        try
        {
            var used = places.ExtendTo(_table.Count)[.._table.Count];
            _table.ListPlaces(used);
            var usedKeys = keys.ExtendTo(used.Length)[..used.Length];
            _table.ReadKeys(used, usedKeys);
            return KeyOrder.ByBucket<TKey>(usedKeys, used, partitioner);
        }
        finally
        {
            places.Dispose();
            keys.Dispose();
        }
    }

    public override void HashesOf(ReadOnlySpan<int> numbers, Span<ulong> hashes)
    {
        Span<TKey> keys = new TKey[Math.Min(numbers.Length, BatchReader.Capacity)];
        for (var start = 0; start < numbers.Length; start += keys.Length)
        {
            var some = numbers[start..Math.Min(start + keys.Length, numbers.Length)];
            _table.ReadKeys(some, keys);
            StableHasher<TKey>.Default.Hash(keys[..some.Length], hashes[start..]);
        }
    }

    public override void Read(ReadOnlySpan<int> numbers, Span<(TKey Key, TCombined Value)> pairs) => _table.Read(numbers, pairs);

    public override void Clear() => _table.Clear();

    public override void Dispose() => _table.Dispose();
}
