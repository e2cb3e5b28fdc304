using System.Runtime.CompilerServices;
using Dpark.Memory;
using Dpark.Partitioning;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>As <see cref="CombiningBuffer{TKey, TValue, TCombined}"/>, for what a <see cref="NumberTable{TKey, TValue}"/> can keep.</summary>
/// <param name="multiplier">See <see cref="NumberTable{TKey, TValue}"/>.</param>
/// <param name="isSorted">Whether the pairs are read in an order other than that in which they lie.</param>
internal sealed class NumberCombiningBuffer<TKey, TValue, TCombined>(
    Func<TValue, TCombined> create, Func<TCombined, TValue, TCombined> merge, ulong multiplier, MemoryClaim memory, bool isSorted) : PairBuffer<TKey, TValue, TCombined>(memory)
{
    // What is fetched for so many keys stays in the innermost cache until it is used.
    private const int FetchAheadKeys = 128;

    private readonly NumberTable<TKey, TCombined> _table = new(multiplier, memory);
    private readonly bool _isAddition = Addition<TCombined, TValue>.Is(create, merge);

    // Since it was empty.
    private long _addedCount;

    // Where memory is short it matters how many keys there are exactly.
    private bool _mustCount;

    // The end of the last batch, if a dense table has no places for it and there is no memory for a larger one.
    private (TKey Key, TValue Value)[] _waiting = [];

    public override bool IsFull
    {
        get
        {
            if (_waiting.Length > 0)
            {
                return true;
            }

            if (_table.TryBecomeDenseInTime(BatchReader.Capacity, OrderBytes))
            {
                return false;
            }

            if (!isSorted && _table.TryChooseRange(_addedCount, BatchReader.Capacity, OrderBytes))
            {
                return true;
            }

            if (HasRoom() || _table.TryBecomeDense(BatchReader.Capacity, OrderBytes))
            {
                return false;
            }

            if (_mustCount || _table.Dense is not { } dense)
            {
                return true;
            }

            _mustCount = true;
            dense.MarkSums();
            return !HasRoom();
        }
    }

    public override NumberTable<TKey, TCombined> Table => _table;

    public override int Count => _table.Count;

    public override bool CanAddKnown => true;

    public override bool HasChosenRange => _table.HasChosenRange;

    public override void Expect(int keys)
    {
        if (keys > BatchReader.Capacity && Memory.TryHold(_table.BytesWith(keys)))
        {
            _table.Reserve(keys);
        }
    }

    public override void Add(ReadOnlySpan<(TKey Key, TValue Value)> pairs)
    {
        _addedCount += pairs.Length;
        AddWaiting();
        Add(pairs, must: false);
    }

    public override int AddKnown(ReadOnlySpan<(TKey Key, TValue Value)> pairs, Span<(TKey Key, TCombined Value)> others) =>
        _isAddition && _table.Dense is { } sums ? sums.AddKnownSums(pairs, others)
        : _isAddition ? AddKnown(pairs, others, default(Addition<TCombined, TValue>))
        : AddKnown(pairs, others, new CalledMerge<TCombined, TValue>(merge));

    public override void Begin(ReadOnlySpan<(TKey Key, TValue Value)> pairs, Span<(TKey Key, TCombined Value)> begun)
    {
        if (_isAddition)
        {
            Begin(pairs, begun, default(Addition<TCombined, TValue>));
        }
        else
        {
            Begin(pairs, begun, new CalledMerge<TCombined, TValue>(merge));
        }
    }

    public override Partitioner? TryMakeRanges() => _table.TryMakeRanges();

    public override int ReadOthers(ref int position, Span<(TKey Key, TCombined Value)> others) => _table.ReadOthers(ref position, others);

    public override void KeepRange() => _table.KeepRange();

    public override ReadOnlySpan<(TKey Key, TValue Value)> TakeWaiting()
    {
        var waiting = _waiting;
        _waiting = [];
        return waiting;
    }

    public override int ReadOn(ref int position, Span<(TKey Key, TCombined Value)> pairs) => _table.ReadOn(ref position, pairs);

    public override void Complete() => _table.Dense?.MarkSums();

    public override KeyOrder OrderAll()
    {
        var order = KeyOrder.OneBucket(_table.Count);
        _table.ListPlaces(order.NumbersOf(0));
        return order;
    }

    public override IBucketFrames? TryMarkBuckets(Partitioner partitioner) =>
        _table.Dense is { } dense ? DenseBuckets<TKey, TCombined>.TryCreate(dense, partitioner) : null;

    public override bool TryAddFrame(ReadOnlySpan<byte> payload)
    {
        var frame = DenseFrame<TKey, TValue>.Of(payload);
        if (!TryMakePlaces(frame.Least, frame.Greatest, frame.Count))
        {
            return false;
        }

        _addedCount += frame.Count;
        if (_isAddition)
        {
            _table.Dense!.AddFrameOfNumbers(frame);
        }
        else
        {
            _table.Dense!.AddFrame(frame, create, new CalledMerge<TCombined, TValue>(merge));
        }

        return true;
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

    protected override void AddWaiting()
    {
        if (_waiting.Length > 0)
        {
            var waiting = _waiting;
            _waiting = [];
            Add(waiting, must: true);
        }
    }

    protected override void RemoveAll()
    {
        _table.Clear();
        _addedCount = 0;
    }

    protected override void ReleaseAll()
    {
        _table.Dispose();
        _addedCount = 0;
    }

    // Beside the pairs, a task holds the numbers of all of them, and more, when it sorts them.
    private long OrderBytes => isSorted ? 2L * sizeof(int) * _table.MostCount : 0;

    private void Begin<TMerge>(ReadOnlySpan<(TKey Key, TValue Value)> pairs, Span<(TKey Key, TCombined Value)> begun, TMerge merging)
        where TMerge : struct, IMerge<TCombined, TValue>
    {
        begun = begun[..pairs.Length];
        for (var i = 0; i < begun.Length; i++)
        {
            begun[i] = (pairs[i].Key, Begin(pairs[i].Value, merging));
        }
    }

    // A sum begins with its first value.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private TCombined Begin<TMerge>(TValue value, TMerge merging)
        where TMerge : struct, IMerge<TCombined, TValue> =>
        typeof(TMerge) == typeof(Addition<TCombined, TValue>) ? Unsafe.As<TValue, TCombined>(ref value) : create(value);

    private int AddKnown<TMerge>(ReadOnlySpan<(TKey Key, TValue Value)> pairs, Span<(TKey Key, TCombined Value)> others, TMerge merging)
        where TMerge : struct, IMerge<TCombined, TValue>
    {
        Span<int> places = stackalloc int[FetchAheadKeys];
        var count = 0;
        for (; !pairs.IsEmpty; pairs = pairs[Math.Min(pairs.Length, FetchAheadKeys)..])
        {
            var some = pairs[..Math.Min(pairs.Length, FetchAheadKeys)];
            count += _table.Dense is { } dense
                ? AddKnownDense(dense, some, others[count..], merging)
                : AddKnownHashed(_table, some, others[count..], places, merging);
        }

        return count;
    }

    /// <returns>Whether the table is dense and has places for all keys from one to another.</returns>
    private bool TryMakePlaces(long least, long most, int newPairs) =>
        _table.TryBeginDense(least, most)
        && (_table.Dense!.HasPlaces(least, most) || _table.Widen(least, most, newPairs, OrderBytes) == Widening.Dense);

    private bool HasRoom() => Memory.TryHold(_table.BytesUnlessWidened(BatchReader.Capacity) + OrderBytes)
        && Memory.HasRoomBeside(_table.BytesReplacedWith(BatchReader.Capacity));

    private void Add(ReadOnlySpan<(TKey Key, TValue Value)> pairs, bool must)
    {
        if (_isAddition)
        {
            AddAll(pairs, default(Addition<TCombined, TValue>), must);
        }
        else
        {
            AddAll(pairs, new CalledMerge<TCombined, TValue>(merge), must);
        }
    }

    /// <param name="must">Nothing may wait: there are no more pairs than a batch has, and the table is empty.</param>
    private void AddAll<TMerge>(ReadOnlySpan<(TKey Key, TValue Value)> pairs, TMerge merging, bool must)
        where TMerge : struct, IMerge<TCombined, TValue>
    {
        _table.Reserve(pairs.Length, Math.Max(_addedCount - pairs.Length, 0));
        Span<int> places = stackalloc int[FetchAheadKeys];
        while (!pairs.IsEmpty)
        {
            if (typeof(TMerge) == typeof(Addition<TCombined, TValue>) && !_mustCount && _table.Dense is { } sums)
            {
                pairs = pairs[sums.AddSums(pairs)..];
                if (!pairs.IsEmpty && !TryWiden(pairs, pairs, must))
                {
                    return;
                }

                continue;
            }

            if (typeof(TMerge) == typeof(Addition<TCombined, TValue>) && TryAddHashedSums(pairs))
            {
                return;
            }

            var some = pairs[..Math.Min(pairs.Length, FetchAheadKeys)];
            _table.Reserve(some.Length);
            if (_table.Dense is { } dense && !TryLocate(dense, some, places))
            {
                if (!TryWiden(some, pairs, must))
                {
                    return;
                }

                if (_table.Dense is { } wider)
                {
                    TryLocate(wider, some, places);
                }
            }

            AddSome(some, places, merging);
            pairs = pairs[some.Length..];
        }
    }

    /// <returns><see langword="false"/> if the table is dense.</returns>
    private bool TryAddHashedSums(ReadOnlySpan<(TKey Key, TValue Value)> pairs)
    {
        _table.Reserve(pairs.Length);
        if (_table.Dense is not null)
        {
            return false;
        }

        _table.AddSums(pairs);
        return true;
    }

    /// <returns><see langword="false"/> if there is no memory; then all the pairs wait.</returns>
    private bool TryWiden(ReadOnlySpan<(TKey Key, TValue Value)> some, ReadOnlySpan<(TKey Key, TValue Value)> all, bool must)
    {
        if (_table.Widen(some, OrderBytes, must) != Widening.NoRoom)
        {
            return true;
        }

        _waiting = all.ToArray();
        return false;
    }

    /// <param name="places">Where they are, if the table is dense.</param>
    private void AddSome<TMerge>(ReadOnlySpan<(TKey Key, TValue Value)> pairs, Span<int> places, TMerge merging)
        where TMerge : struct, IMerge<TCombined, TValue>
    {
        if (_table.Dense is not { } dense)
        {
            AddHashed(_table, pairs, places, merging);
        }
        else if (typeof(TMerge) == typeof(Addition<TCombined, TValue>))
        {
            dense.AddNumbers(pairs, places);
        }
        else
        {
            AddDense(dense, pairs, places, merging);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool TryLocate(DenseTable<TKey, TCombined> dense, ReadOnlySpan<(TKey Key, TValue Value)> pairs, Span<int> places)
    {
        places = places[..pairs.Length];
        var farthest = 0UL;
        for (var i = 0; i < places.Length; i++)
        {
            var offset = dense.OffsetOf(pairs[i].Key);
            farthest = Math.Max(farthest, offset);
            places[i] = (int)offset;
            dense.FetchAhead((int)offset);
        }

        return farthest < (ulong)dense.PlaceCount;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddDense<TMerge>(DenseTable<TKey, TCombined> dense, ReadOnlySpan<(TKey Key, TValue Value)> pairs, ReadOnlySpan<int> places, TMerge merging)
        where TMerge : struct, IMerge<TCombined, TValue>
    {
        places = places[..pairs.Length];
        for (var i = 0; i < places.Length; i++)
        {
            ref var value = ref dense.GetOrAdd(places[i], out var exists);
            value = exists ? merging.Merge(value, pairs[i].Value) : create(pairs[i].Value);
        }
    }

    // Fetches them, too.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FindPositions(NumberTable<TKey, TCombined> table, ReadOnlySpan<(TKey Key, TValue Value)> pairs, Span<int> positions)
    {
        for (var i = 0; i < positions.Length; i++)
        {
            var position = table.PositionOf(pairs[i].Key);
            positions[i] = position;
            table.FetchAhead(position);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddHashed<TMerge>(NumberTable<TKey, TCombined> table, ReadOnlySpan<(TKey Key, TValue Value)> pairs, Span<int> positions, TMerge merging)
        where TMerge : struct, IMerge<TCombined, TValue>
    {
        positions = positions[..pairs.Length];
        FindPositions(table, pairs, positions);
        for (var i = 0; i < positions.Length; i++)
        {
            ref var value = ref table.GetOrAdd(pairs[i].Key, positions[i], out var exists);
            value = exists ? merging.Merge(value, pairs[i].Value) : create(pairs[i].Value);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int AddKnownHashed<TMerge>(
        NumberTable<TKey, TCombined> table, ReadOnlySpan<(TKey Key, TValue Value)> pairs, Span<(TKey Key, TCombined Value)> others, Span<int> positions, TMerge merging)
        where TMerge : struct, IMerge<TCombined, TValue>
    {
        positions = positions[..pairs.Length];
        FindPositions(table, pairs, positions);
        var count = 0;
        for (var i = 0; i < positions.Length; i++)
        {
            var place = table.PlaceOf(pairs[i].Key, positions[i]);
            if (place >= 0)
            {
                ref var value = ref table.ValueAt(place);
                value = merging.Merge(value, pairs[i].Value);
            }
            else
            {
                others[count++] = (pairs[i].Key, Begin(pairs[i].Value, merging));
            }
        }

        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int AddKnownDense<TMerge>(
        DenseTable<TKey, TCombined> dense, ReadOnlySpan<(TKey Key, TValue Value)> pairs, Span<(TKey Key, TCombined Value)> others, TMerge merging)
        where TMerge : struct, IMerge<TCombined, TValue>
    {
        foreach (var (key, _) in pairs)
        {
            dense.FetchAhead((int)Math.Min(dense.OffsetOf(key), (ulong)dense.PlaceCount - 1));
        }

        var count = 0;
        foreach (var (key, added) in pairs)
        {
            var place = dense.OffsetOf(key);
            if (place >= (ulong)dense.PlaceCount)
            {
                others[count++] = (key, Begin(added, merging));
                continue;
            }

            ref var value = ref dense.GetOrAdd((int)place, out var exists);
            value = exists ? merging.Merge(value, added) : Begin(added, merging);
        }

        return count;
    }
}
