using System.Runtime.CompilerServices;
using Dpark.Partitioning;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>As the general index, for keys that a <see cref="NumberTable{TKey, TValue}"/> can keep: a lookup waits for memory once. Stable hashes are made when they are asked for.</summary>
internal sealed class NumberKeyIndex<TKey> : KeyIndex<TKey>
{
    // Unlike those of the tables whose pairs are read in the order of their places; see NumberTable.
    private const ulong Multiplier = 0xA076_1D64_78BD_642F;

    // What is fetched for so many keys stays in the innermost cache until it is used.
    private const int FetchAheadKeys = 128;

    private readonly NumberTable<TKey, int> _numbers = new(Multiplier);
    private PooledList<TKey> _keys = new();
    private PooledList<ulong> _hashes = new();

    public override ReadOnlySpan<TKey> Keys => _keys.Span;

    public override ReadOnlySpan<ulong> Hashes
    {
        get
        {
            var known = _hashes.Count;
            var hashes = _hashes.ExtendTo(Count);
            StableHasher<TKey>.Default.Hash(_keys.Span[known..], hashes[known..]);
            return hashes;
        }
    }

    public override long BytesWithBatch =>
        _numbers.BytesWith(BatchReader.Capacity) + _keys.BytesWith(Count + BatchReader.Capacity) + _hashes.BytesWith(Count + BatchReader.Capacity);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Locate(ReadOnlySpan<TKey> keys, Span<int> numbers)
    {
        var table = _numbers;
        table.Reserve(keys.Length);
        var all = _keys.ExtendTo(Count + keys.Length);
        var count = Count;
        Span<int> positions = stackalloc int[FetchAheadKeys];
        for (var start = 0; start < keys.Length; start += FetchAheadKeys)
        {
            var some = keys[start..Math.Min(start + FetchAheadKeys, keys.Length)];
            FetchAhead(some, positions);
            var found = numbers.Slice(start, some.Length);
            for (var i = 0; i < some.Length; i++)
            {
                ref var number = ref table.GetOrAdd(some[i], positions[i], out var exists);
                if (!exists)
                {
                    number = count;
                    all[count++] = some[i];
                }

                found[i] = number;
            }
        }

        Count = count;
        _keys.Truncate(count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Find(ReadOnlySpan<TKey> keys, Span<int> numbers)
    {
        if (Count == 0)
        {
            numbers[..keys.Length].Fill(-1);
            return;
        }

        var table = _numbers;
        Span<int> positions = stackalloc int[FetchAheadKeys];
        for (var start = 0; start < keys.Length; start += FetchAheadKeys)
        {
            var some = keys[start..Math.Min(start + FetchAheadKeys, keys.Length)];
            FetchAhead(some, positions);
            var found = numbers.Slice(start, some.Length);
            for (var i = 0; i < some.Length; i++)
            {
                found[i] = table.TryGet(some[i], positions[i], out var number) ? number : -1;
            }
        }
    }

    public override void Clear()
    {
        _numbers.Clear();
        _keys.Clear();
        _hashes.Clear();
        Count = 0;
    }

    public override void Dispose()
    {
        _numbers.Dispose();
        _keys.Dispose();
        _hashes.Dispose();
        Count = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void FetchAhead(ReadOnlySpan<TKey> keys, Span<int> positions)
    {
        positions = positions[..keys.Length];
        for (var i = 0; i < positions.Length; i++)
        {
            var position = _numbers.PositionOf(keys[i]);
            positions[i] = position;
            _numbers.FetchAhead(position);
        }
    }
}
