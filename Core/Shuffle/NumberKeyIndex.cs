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

    public override void Locate(ReadOnlySpan<TKey> keys, Span<int> numbers)
    {
        _keys.ExtendTo(Count + keys.Length);
        Span<int> places = stackalloc int[FetchAheadKeys];
        while (!keys.IsEmpty)
        {
            // Hashed places for all of them, or a dense table; one that has no places for some makes room for those.
            _numbers.Reserve(keys.Length);
            var some = _numbers.Dense is null ? keys : keys[..Math.Min(keys.Length, FetchAheadKeys)];
            if (!TryLocateDense(some, places, numbers))
            {
                LocateHashed(_numbers, some, numbers);
            }

            keys = keys[some.Length..];
            numbers = numbers[some.Length..];
        }

        _keys.Truncate(Count);
    }

    public override void Find(ReadOnlySpan<TKey> keys, Span<int> numbers)
    {
        if (Count == 0)
        {
            numbers[..keys.Length].Fill(-1);
            return;
        }

        Span<int> positions = stackalloc int[FetchAheadKeys];
        for (var start = 0; start < keys.Length; start += FetchAheadKeys)
        {
            var some = keys[start..Math.Min(start + FetchAheadKeys, keys.Length)];
            if (_numbers.Dense is { } dense)
            {
                FindDense(dense, some, positions, numbers[start..]);
            }
            else
            {
                FindHashed(_numbers, some, positions, numbers[start..]);
            }
        }
    }

    public override void ListNumbers(Span<int> numbers)
    {
        if (_numbers.Dense is not { } dense)
        {
            base.ListNumbers(numbers);
            return;
        }

        dense.ListPlaces(numbers);
        foreach (ref var number in numbers)
        {
            number = dense.ValueAt(number);
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

    private bool TryLocateDense(ReadOnlySpan<TKey> keys, Span<int> places, Span<int> numbers)
    {
        if (_numbers.Dense is not { } dense)
        {
            return false;
        }

        if (FetchAhead(dense, keys, places) >= (ulong)dense.PlaceCount)
        {
            if (!TryWiden(keys))
            {
                return false;
            }

            dense = _numbers.Dense;
            FetchAhead(dense, keys, places);
        }

        LocateDense(dense, keys, places, numbers);
        return true;
    }

    private bool TryWiden(ReadOnlySpan<TKey> keys)
    {
        var (least, most) = DenseTable<TKey, int>.RangeOf(keys);
        return _numbers.Widen(least, most, keys.Length) == Widening.Dense;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void LocateDense(DenseTable<TKey, int> dense, ReadOnlySpan<TKey> keys, ReadOnlySpan<int> places, Span<int> numbers)
    {
        var all = _keys.Span;
        var count = Count;
        places = places[..keys.Length];
        numbers = numbers[..keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            ref var number = ref dense.GetOrAdd(places[i], out var exists);
            if (!exists)
            {
                number = count;
                all[count++] = keys[i];
            }

            numbers[i] = number;
        }

        Count = count;
    }

    private void LocateHashed(NumberTable<TKey, int> table, ReadOnlySpan<TKey> keys, Span<int> numbers)
    {
        for (var i = LocatePlaced(table, keys, numbers); i < keys.Length; i = LocatePlaced(table, keys, numbers))
        {
            ref var number = ref table.GetOrAdd(keys[i], position: 0, out var exists);
            if (!exists)
            {
                number = Count;
                _keys.Span[Count++] = keys[i];
            }

            numbers[i] = number;
            keys = keys[(i + 1)..];
            numbers = numbers[(i + 1)..];
        }
    }

    // Calls nothing, see DenseTable.AddBelow. Stops at a key without a hashed place.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int LocatePlaced(NumberTable<TKey, int> table, ReadOnlySpan<TKey> keys, Span<int> numbers)
    {
        var all = _keys.Span;
        var count = Count;
        numbers = numbers[..keys.Length];
        var i = 0;
        for (; i < keys.Length; i++)
        {
            table.FetchAhead(table.PositionOf(keys[Math.Min(i + Prefetch.Distance, keys.Length - 1)]));
            var key = keys[i];
            if (!NumberTable<TKey, int>.IsPlaced(key))
            {
                break;
            }

            ref var number = ref table.GetOrAddPlaced(key, table.PositionOf(key), out var exists);
            if (!exists)
            {
                number = count;
                all[count++] = key;
            }

            numbers[i] = number;
        }

        Count = count;
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindDense(DenseTable<TKey, int> dense, ReadOnlySpan<TKey> keys, Span<int> places, Span<int> numbers)
    {
        FetchAhead(dense, keys, places);
        numbers = numbers[..keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            numbers[i] = dense.OffsetOf(keys[i]) < (ulong)dense.PlaceCount && dense.IsUsed(places[i]) ? dense.ValueAt(places[i]) : -1;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindHashed(NumberTable<TKey, int> table, ReadOnlySpan<TKey> keys, Span<int> positions, Span<int> numbers)
    {
        FetchAhead(table, keys, positions);
        numbers = numbers[..keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            var place = table.PlaceOf(keys[i], positions[i]);
            numbers[i] = place < 0 ? -1 : table.ValueAt(place);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FetchAhead(NumberTable<TKey, int> table, ReadOnlySpan<TKey> keys, Span<int> positions)
    {
        positions = positions[..keys.Length];
        for (var i = 0; i < positions.Length; i++)
        {
            var position = table.PositionOf(keys[i]);
            positions[i] = position;
            table.FetchAhead(position);
        }
    }

    // Says how far away the farthest place is.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong FetchAhead(DenseTable<TKey, int> dense, ReadOnlySpan<TKey> keys, Span<int> places)
    {
        places = places[..keys.Length];
        var farthest = 0UL;
        for (var i = 0; i < places.Length; i++)
        {
            var offset = dense.OffsetOf(keys[i]);
            farthest = Math.Max(farthest, offset);
            places[i] = (int)offset;
            dense.FetchAhead((int)offset);
        }

        return farthest;
    }
}
