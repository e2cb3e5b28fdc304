using System.Runtime.CompilerServices;

namespace Dpark.Shuffle;

/// <summary>What became of a dense table that was asked for places for other keys.</summary>
internal enum Widening
{
    /// <summary>It is still dense, and has them.</summary>
    Dense,

    /// <summary>Its keys are in hashed places now, with room for the others.</summary>
    Hashed,

    /// <summary>Nothing: there is no memory for either.</summary>
    NoRoom,
}

internal sealed partial class NumberTable<TKey, TValue>
{
    // One large page. A table of hundreds of keys that may become dense in so much does: to grow to that size by rehashing costs more than the places that stay free.
    private const long EarlyDenseBytes = 2 << 20;
    private const int EarlyDenseShare = 8;

    // So many pairs of keys that were there say how many keys will come, to about an eighth.
    private const int LeastRepeats = 64;

    // Its keys were too far apart for so much memory, and mostly are again after it was emptied.
    private long _tooLittleBytes;

    /// <summary>Pairs that will be in the table at the end, if that is known; 0 if not. Where keys ascend, a dense table then gets places for all of them at once.</summary>
    public long ExpectedCount { get; init; }

    private long CheapDenseBytes => memory is not null && memory.RoomBytes / EarlyDenseShare >= EarlyDenseBytes ? EarlyDenseBytes : 0;

    // What the keys that are likely to come would take hashed, or what is cheap enough to rely on that: a table that is dense at last has rehashed all of its keys several times before.
    private long LikelyBytes(long least, long most, long addedCount) => memory is null || addedCount - _hashedCount < LeastRepeats
        ? 0
        : Math.Min(memory.RoomBytes / EarlyDenseShare, BytesOf(PlacesFor((long)EstimateKeys(addedCount, _hashedCount, (double)most - least + 1))));

    /// <summary>Makes room in a dense table for keys that it has no place for. Its claim is asked first, and holds what it takes.</summary>
    /// <param name="least">The least of the new keys, as <see cref="DenseTable{TKey, TValue}.OrderOf"/> says it.</param>
    /// <param name="most">The greatest of them.</param>
    /// <param name="newPairs">How many there are at most.</param>
    /// <param name="alsoHeld">Bytes that the owner has the claim hold beside the table.</param>
    /// <param name="must">There is nobody who could do without it, and it is little: the claim is not asked.</param>
    public Widening Widen(long least, long most, int newPairs, long alsoHeld = 0, bool must = false)
    {
        var dense = Dense!;
        var places = PlacesFor((long)Count + newPairs);
        var replaced = PageMemory.TakenFor(dense.Length);
        var room = memory is null || must ? long.MaxValue : Math.Max(memory.RoomBytesBeside(replaced) - alsoHeld, 0);
        var maxBytes = Math.Min(BytesOf(places), room);
        var isForAll = false;
        if (LikelyMost(least, most, Count + newPairs) is var likely && likely > most)
        {
            // Places for all of them and the usual quarter more, if that is less than hashing them takes.
            var first = Math.Min(least, dense.First);
            var enough = Math.Min(DenseTable<TKey, TValue>.BytesWithRoom(first, likely), Math.Min(BytesOf(PlacesFor(ExpectedCount)), room));
            if (DenseTable<TKey, TValue>.BytesFor(first, likely, enough, CheapDenseBytes) is not null)
            {
                (most, maxBytes, isForAll) = (likely, enough, true);
            }
        }

        var widened = dense.BytesWidened(least, most, maxBytes, CheapDenseBytes);
        var bytes = PageMemory.TakenFor(widened ?? BytesOf(places));

        // Where there would be no room for the next one beside it, it takes all that there is.
        var isTight = !must && !isForAll && widened is not null && IsLastWidening(bytes, alsoHeld) && TryHoldAll();
        if (!isTight && !must && !TryHold(bytes, replaced, alsoHeld))
        {
            if (!TryHoldAll())
            {
                return Widening.NoRoom;
            }

            isTight = true;
        }

        maxBytes = isTight ? PageMemory.MostWithin(room) : maxBytes;
        memory?.TakeBeside(replaced);
        try
        {
            return WidenOrHash(least, most, maxBytes, isTight, places) ? Widening.Dense : Widening.Hashed;
        }
        finally
        {
            memory?.ReturnBeside(replaced);
        }

        bool TryHoldAll() => dense.BytesWidened(least, most, PageMemory.MostWithin(room), cheapBytes: 0, isTight: true) is { } all
            && TryHold(PageMemory.TakenFor(all), replaced, alsoHeld);
    }

    /// <summary>As <see cref="Widen(long, long, int, long, bool)"/>, for the keys of some pairs.</summary>
    public Widening Widen<TOther>(ReadOnlySpan<(TKey Key, TOther Value)> pairs, long alsoHeld = 0, bool must = false)
    {
        var (least, most) = (long.MaxValue, long.MinValue);
        foreach (var (key, _) in pairs)
        {
            var order = DenseTable<TKey, TValue>.OrderOf(key);
            (least, most) = (Math.Min(least, order), Math.Max(most, order));
        }

        return Widen(least, most, pairs.Length, alsoHeld, must);
    }

    /// <summary>Makes an empty table dense from the start, if it is worth little memory; see <see cref="Widen(long, long, int, long, bool)"/>.</summary>
    /// <returns>Whether it is dense.</returns>
    public bool TryBeginDense(long least, long most)
    {
        if (Dense is null && _memory is null)
        {
            Dense = DenseTable<TKey, TValue>.TryCreate(least, most, maxBytes: 0, CheapDenseBytes);
        }

        return Dense is not null;
    }

    /// <summary>
    /// As <see cref="TryBecomeDense"/>, before a hashed table grows for so many new keys and could not grow again. Dense, it has places for all keys that lie between those that are
    /// there, however many come; beside the hashed places that there are now there may be memory for them, and beside those that there would be then, there is less.
    /// </summary>
    public bool TryBecomeDenseInTime(int newPairs, long alsoHeld = 0) => GrowsForTheLastTime(newPairs, alsoHeld) && TryBecomeDense(newPairs, alsoHeld);

    /// <summary>
    /// Makes a hashed table dense, if the claim has the memory; with room for keys beyond those that are there, if that takes less than so many new keys would take hashed. What
    /// its owner tries before it gives up pairs. The claim holds what it takes.
    /// </summary>
    /// <param name="alsoHeld">As in <see cref="Widen(long, long, int, long, bool)"/>.</param>
    /// <returns>Whether it is dense now, and was not.</returns>
    public bool TryBecomeDense(int newPairs, long alsoHeld = 0)
    {
        if (Dense is not null || memory is null || _hashedCount == 0)
        {
            return false;
        }

        var replaced = PageMemory.TakenFor(_memory!.Length);
        var room = memory.RoomBytesBeside(replaced) - alsoHeld;
        if (room <= _tooLittleBytes)
        {
            return false;
        }

        var maxBytes = Math.Min(BytesOf(PlacesFor((long)_hashedCount + newPairs)), room);
        var (least, most) = FindRange();
        var isTight = false;
        if (DenseTable<TKey, TValue>.BytesFor(least, most, maxBytes, CheapDenseBytes) is not { } bytes)
        {
            // It has every key that is there, and places for those in between beside.
            (isTight, maxBytes) = (true, PageMemory.MostWithin(room));
            if (DenseTable<TKey, TValue>.BytesFor(least, most, maxBytes, cheapBytes: 0, isTight) is not { } tight)
            {
                _tooLittleBytes = room;
                return false;
            }

            bytes = tight;
        }

        if (!TryHold(PageMemory.TakenFor(bytes), replaced, alsoHeld))
        {
            return false;
        }

        memory.TakeBeside(replaced);
        try
        {
            return MakeDense(least, most, maxBytes, isTight);
        }
        finally
        {
            memory.ReturnBeside(replaced);
        }
    }

    private bool IsLastWidening(long bytes, long alsoHeld) =>
        memory is not null && bytes + (bytes / DenseTable<TKey, TValue>.RoomDenominator) > memory.RoomBytesBeside(bytes) - alsoHeld;

    private bool GrowsForTheLastTime(int newPairs, long alsoHeld)
    {
        var places = PlacesFor((long)_hashedCount + newPairs);
        return Dense is null && memory is not null && _hashedCount > 0 && places > _placeCount
            && (ExpectedCount == 0 || PlacesFor(ExpectedCount) > places)
            && PageMemory.TakenFor(2 * BytesOf(places)) + alsoHeld > memory.RoomBytesBeside(PageMemory.TakenFor(BytesOf(places)));
    }

    /// <summary>The last key, if those that will come follow as close; the last one that is known, if nobody knows how many will come, or they do not ascend.</summary>
    private long LikelyMost(long least, long most, int count)
    {
        var first = Math.Min(least, Dense!.First);
        var likely = first + ((most - first + 1.0) * ExpectedCount / count);
        return most >= Dense.First + Dense.PlaceCount && likely < first + (double)int.MaxValue ? (long)likely : most;
    }

    // What the claim holds for growth that does not happen would stand in the way, and so would more than is needed.
    private bool TryHold(long bytes, long replaced, long alsoHeld)
    {
        memory?.ReturnBeyond(Math.Max(bytes, replaced) + alsoHeld);
        return memory is null || (memory.TryHold(bytes + alsoHeld, bytes + alsoHeld) && memory.HasRoomBeside(replaced));
    }

    // There are pairs.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private (long Least, long Most) FindRange()
    {
        var (least, most) = (long.MaxValue, long.MinValue);
        for (var position = 0; position < _placeCount; position++)
        {
            var key = PlaceAt(position).Key;
            if (BitsOf(key) != 0)
            {
                var order = DenseTable<TKey, TValue>.OrderOf(key);
                (least, most) = (Math.Min(least, order), Math.Max(most, order));
            }
        }

        return _hasZero ? (Math.Min(least, 0), Math.Max(most, 0)) : (least, most);
    }

    private bool MakeDense(long least, long most, long maxBytes, bool isTight = false)
    {
        if (DenseTable<TKey, TValue>.TryCreate(least, most, maxBytes, CheapDenseBytes, isTight) is not { } dense)
        {
            return false;
        }

        Become(dense);
        return true;
    }

    /// <summary>Moves to a dense table the pairs of the keys that it has places for, and forgets the others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Become(DenseTable<TKey, TValue> dense)
    {
        for (var position = 0; position < _placeCount; position++)
        {
            ref var place = ref PlaceAt(position);
            var offset = dense.OffsetOf(place.Key);
            if (BitsOf(place.Key) != 0 && offset < (ulong)dense.PlaceCount)
            {
                dense.GetOrAdd((int)offset, out _) = place.Value;
            }
        }

        if (_hasZero && dense.OffsetOf(default!) is var zero && zero < (ulong)dense.PlaceCount)
        {
            dense.GetOrAdd((int)zero, out _) = PlaceAt(_placeCount).Value;
        }

        ReleaseHashed();
        Dense = dense;
    }

    private bool WidenOrHash(long least, long most, long maxBytes, bool isTight, int places)
    {
        var dense = Dense!;
        Dense = dense.TryWiden(least, most, maxBytes, CheapDenseBytes, isTight);
        if (Dense is not null)
        {
            return true;
        }

        dense.MarkSums();
        Grow(places);
        AddAll(dense);
        dense.Dispose();
        return false;
    }

    // There is room.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddAll(DenseTable<TKey, TValue> dense)
    {
        for (var place = 0; place < dense.PlaceCount; place++)
        {
            if (dense.IsUsed(place))
            {
                var key = dense.KeyAt(place);
                GetOrAdd(key, PositionOf(key), out _) = dense.ValueAt(place);
            }
        }
    }
}
