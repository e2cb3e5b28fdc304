using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Dpark.Shuffle;

/// <summary>
/// Values by key for integers that lie close together, as most ids do: the place of a key is its distance from the first one, so that a key takes no memory and is
/// neither hashed nor compared. A bit per place says whether it is used. Its owner asks for no place beyond the last one. Used by one thread.
/// </summary>
/// <typeparam name="TKey">One that <see cref="NumberTable{TKey, TValue}"/> supports.</typeparam>
/// <typeparam name="TValue">Without references.</typeparam>
internal sealed unsafe partial class DenseTable<TKey, TValue> : IDisposable
{
    private const int BitsPerWord = 64;
    private const int MaxPlaces = 1 << 30;

    // What the cache of one core has.
    private const long NearBytes = 2 << 20;

    // Widening copies all values, so each time there is a quarter more room than is needed.
    public const int RoomDenominator = 4;

    private readonly PageMemory _memory;
    private readonly ulong* _used;
    private readonly byte* _values;
    private int _count;

    // Of the places below this, the unused ones have what nothing is added to: see AddSums.
    private int _sumEnd;

    // What was added since places were last marked as used. As many as that may be new.
    private long _unmarkedCount;

    private DenseTable(long first, int placeCount)
    {
        First = first;
        PlaceCount = placeCount;
        var usedBytes = UsedBytesOf(placeCount);
        _memory = new PageMemory(BytesOf(placeCount), usedBytes);
        _used = (ulong*)Unsafe.AsPointer(ref _memory.Start);
        _values = (byte*)_used + usedBytes;
    }

    /// <summary>Pairs. Looks at every place after <see cref="AddSums"/>; see <see cref="MostCount"/>.</summary>
    public int Count
    {
        get
        {
            MarkSums();
            return _count;
        }
    }

    /// <summary>As many pairs as there are, or more, without looking.</summary>
    public int MostCount => (int)Math.Min(PlaceCount, _count + _unmarkedCount);

    /// <summary>The key at place 0, see <see cref="OrderOf"/>.</summary>
    public long First { get; }

    /// <summary>Places are numbered from 0.</summary>
    public int PlaceCount { get; }

    /// <summary>Memory taken.</summary>
    public long Length => _memory.Length;

    /// <summary>Whether a processor has it so near that a place that was not asked for ahead costs next to nothing.</summary>
    public bool IsNear => Length <= NearBytes;

    /// <summary>A bit per place, 1 if it is used; the lowest bit of the first word is place 0. Valid until the table is disposed.</summary>
    public ReadOnlySpan<ulong> Used
    {
        get
        {
            MarkSums();
            return new(_used, (int)(UsedBytesOf(PlaceCount) / sizeof(ulong)));
        }
    }

    private long Last => First + PlaceCount - 1;

    /// <summary>Makes an empty table for keys from one to another, with room for more on both sides.</summary>
    /// <param name="maxBytes">What it may take.</param>
    /// <param name="cheapBytes">What it may take in any case, and takes if that is room for more keys.</param>
    /// <param name="isTight">There need not be room for more keys; it takes all that it may, though.</param>
    /// <returns><see langword="null"/> if that takes more memory than it may.</returns>
    public static DenseTable<TKey, TValue>? TryCreate(long least, long most, long maxBytes, long cheapBytes, bool isTight = false)
    {
        if (RoomFor(least, most, maxBytes, cheapBytes, isTight) is not { } room)
        {
            return null;
        }

        // Ids do not become negative.
        var below = Aligned(least, Math.Min(room / 2, (ulong)(least - (least < 0 ? long.MinValue : 0))), room);
        var above = Math.Min(room - below, (ulong)(long.MaxValue - most));
        return new DenseTable<TKey, TValue>(least - (long)below, (int)((ulong)(most - least) + 1 + below + above));
    }

    /// <summary>Makes an empty table for so many keys from one on.</summary>
    public static DenseTable<TKey, TValue> Create(long first, int placeCount) => new(first, placeCount);

    /// <summary>Makes a table with the same pairs that has places for other keys, too.</summary>
    /// <param name="least">The least of the other keys.</param>
    /// <param name="most">The greatest of the other keys.</param>
    /// <param name="maxBytes">See <see cref="TryCreate"/>.</param>
    /// <param name="cheapBytes">See <see cref="TryCreate"/>.</param>
    /// <returns><see langword="null"/> if that takes more memory than it may. Else this one is disposed.</returns>
    public DenseTable<TKey, TValue>? TryWiden(long least, long most, long maxBytes, long cheapBytes, bool isTight = false)
    {
        var (first, last) = (Math.Min(First, least), Math.Max(Last, most));
        if (RoomFor(first, last, maxBytes, cheapBytes, isTight) is not { } room)
        {
            return null;
        }

        // Keys that came in order go on in order, so the room is on the side that was too short, and as large as may be.
        var below = first < First ? Aligned(first, Math.Min(room, (ulong)(first - long.MinValue)), room) : 0;
        var above = last > Last ? Math.Min(first < First ? room - Math.Min(room, below) : room, (ulong)(long.MaxValue - last)) : 0;
        var wider = new DenseTable<TKey, TValue>(first - (long)below, (int)((ulong)(last - first) + 1 + below + above));
        wider.Take(this);
        Dispose();
        return wider;
    }

    /// <summary>Bytes of what <see cref="TryWiden"/> would make, at most; <see langword="null"/> if it would make nothing.</summary>
    public long? BytesWidened(long least, long most, long maxBytes, long cheapBytes, bool isTight = false) =>
        BytesFor(Math.Min(First, least), Math.Max(Last, most), maxBytes, cheapBytes, isTight);

    /// <summary>Bytes of what <see cref="TryCreate"/> would make, at most; <see langword="null"/> if it would make nothing.</summary>
    public static long? BytesFor(long least, long most, long maxBytes, long cheapBytes, bool isTight = false) =>
        RoomFor(least, most, maxBytes, cheapBytes, isTight) is { } room ? BytesOf(most - least + 1 + (long)room) : null;

    /// <summary>Bytes of a table for keys from one to another with the least room for more: what lets <see cref="TryCreate"/> take no more.</summary>
    public static long BytesWithRoom(long least, long most) => BytesOf(most - least + 1 + LeastRoom(most - least + 1));

    /// <summary>Keys in ascending order as numbers: those of 32 bits are extended.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long OrderOf(TKey key) =>
        typeof(TKey) == typeof(int) ? Unsafe.BitCast<TKey, int>(key)
        : typeof(TKey) == typeof(uint) ? Unsafe.BitCast<TKey, uint>(key)
        : Unsafe.BitCast<TKey, long>(key);

    /// <summary>The key that <see cref="OrderOf"/> says a number of.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TKey KeyOf(long order) =>
        Unsafe.SizeOf<TKey>() == sizeof(int) ? Unsafe.BitCast<int, TKey>((int)order) : Unsafe.BitCast<long, TKey>(order);

    /// <summary>The least and the greatest of some keys, at least one, as <see cref="OrderOf"/> says them.</summary>
    public static (long Least, long Most) RangeOf(ReadOnlySpan<TKey> keys)
    {
        var (least, most) = (long.MaxValue, long.MinValue);
        foreach (var key in keys)
        {
            var order = OrderOf(key);
            (least, most) = (Math.Min(least, order), Math.Max(most, order));
        }

        return (least, most);
    }

    /// <summary>Where a key's place is; not below <see cref="PlaceCount"/> if it has none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong OffsetOf(TKey key) => (ulong)(OrderOf(key) - First);

    /// <summary>Whether there are places for all keys from one to another.</summary>
    /// <param name="least">As <see cref="OrderOf"/> says it.</param>
    /// <param name="most">Not less.</param>
    public bool HasPlaces(long least, long most) => least >= First && most <= Last;

    /// <summary>Fetches a place into the innermost cache. There may be no such place: it is only a hint.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FetchAhead(int place)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(_values + ((nint)place * Unsafe.SizeOf<TValue>()));
        }
    }

    /// <summary>As <see cref="AddSums"/>, and counts: numbers are added to the values of some keys, those for which <see cref="Addition{TCombined, TValue}"/> is used.</summary>
    /// <param name="places">Of the pairs.</param>
    /// <remarks>Without a branch: whether a key is new is as good as random while a table fills.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddNumbers<TNumber>(ReadOnlySpan<(TKey Key, TNumber Value)> pairs, ReadOnlySpan<int> places)
    {
        EndSums();
        var used = _used;
        var values = _values;
        var count = 0L;
        places = places[..pairs.Length];
        for (var i = 0; i < places.Length; i++)
        {
            var place = (uint)places[i];
            var word = used[place / BitsPerWord];
            used[place / BitsPerWord] = word | (1UL << (int)place);
            var isOld = (word >> (int)place) & 1;
            count -= (long)isOld;
            ref var value = ref Unsafe.As<byte, TValue>(ref values[place * (nuint)Unsafe.SizeOf<TValue>()]);
            value = default(Addition<TValue, TNumber>).Merge(Addition<TValue, TNumber>.OrNothing(value, isOld), pairs[i].Value);
        }

        _count += (int)(count + places.Length);
    }

    /// <summary>Whether there is a pair at a place. Not after <see cref="AddSums"/>, unless places were marked: <see cref="MarkSums"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsUsed(int place) => (_used[place / BitsPerWord] & (1UL << place)) != 0;

    /// <summary>The value at a place; if none was there, it has undefined content and counts from now on. Not after <see cref="AddSums"/>, unless places were marked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TValue GetOrAdd(int place, out bool exists)
    {
        ref var word = ref _used[place / BitsPerWord];
        var bit = 1UL << place;
        exists = (word & bit) != 0;
        if (!exists)
        {
            word |= bit;
            _count++;
        }

        return ref ValueAt(place);
    }

    /// <summary>The key of a place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TKey KeyAt(int place) => KeyOf(First + place);

    /// <summary>The value of a place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TValue ValueAt(int place) => ref Unsafe.As<byte, TValue>(ref _values[(nint)place * Unsafe.SizeOf<TValue>()]);

    /// <summary>The values of all places; those of places that are not used mean nothing.</summary>
    public ReadOnlySpan<TValue> Values => MemoryMarshal.CreateReadOnlySpan(ref ValueAt(0), PlaceCount);

    /// <summary>The places that are used, ascending.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ListPlaces(Span<int> places)
    {
        MarkSums();
        var count = 0;
        for (var start = 0; start < PlaceCount; start += BitsPerWord)
        {
            for (var word = _used[start / BitsPerWord]; word != 0; word &= word - 1)
            {
                places[count++] = start + BitOperations.TrailingZeroCount(word);
            }
        }
    }

    /// <summary>As <see cref="NumberTable{TKey, TValue}.ReadOn"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int ReadOn(ref int position, Span<(TKey Key, TValue Value)> pairs)
    {
        MarkSums();
        var place = position;
        var count = 0;
        while (place < PlaceCount && count < pairs.Length)
        {
            var word = _used[place / BitsPerWord] & (ulong.MaxValue << (place & (BitsPerWord - 1)));
            var start = place / BitsPerWord * BitsPerWord;
            for (; word != 0 && count < pairs.Length; word &= word - 1)
            {
                place = start + BitOperations.TrailingZeroCount(word);
                pairs[count++] = (KeyAt(place), ValueAt(place));
            }

            place = word == 0 ? start + BitsPerWord : start + BitOperations.TrailingZeroCount(word);
        }

        position = place;
        return count;
    }

    /// <summary>As <see cref="NumberTable{TKey, TValue}.ReplaceValues"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ReplaceValues(int start, int end, Func<TValue, TValue> transform)
    {
        EndSums();
        for (var first = start / BitsPerWord * BitsPerWord; first < end; first += BitsPerWord)
        {
            // Bit by bit of those that are set: whether a place is used is as good as random, where keys are spread over tables by a hash.
            var word = _used[first / BitsPerWord];
            word = first < start ? word & (ulong.MaxValue << (start - first)) : word;
            word = end - first < BitsPerWord ? word & ((1UL << (end - first)) - 1) : word;
            for (; word != 0; word &= word - 1)
            {
                ref var value = ref ValueAt(first + BitOperations.TrailingZeroCount(word));
                value = transform(value);
            }
        }
    }

    /// <summary>Marks the places as used that <see cref="AddSums"/> has added to. A value other than that to which nothing was added says so, and the others are marked already.</summary>
    public void MarkSums()
    {
        if (_unmarkedCount > 0)
        {
            SumPlaces.Mark<TValue>(_values, _used, _sumEnd);
            _count = CountUsed();
            _unmarkedCount = 0;
        }
    }

    /// <summary>Forgets all pairs and keeps the memory.</summary>
    public void Clear()
    {
        new Span<byte>(_used, (int)UsedBytesOf(PlaceCount)).Clear();
        (_count, _sumEnd, _unmarkedCount) = (0, 0, 0);
    }

    /// <summary>Returns the memory.</summary>
    public void Dispose()
    {
        _memory.Dispose();
        (_count, _sumEnd, _unmarkedCount) = (0, 0, 0);
    }

    /// <returns>Places that there may be beside those that are needed; <see langword="null"/> if there is too little room.</returns>
    private static ulong? RoomFor(long least, long most, long maxBytes, long cheapBytes, bool isTight)
    {
        var needed = (ulong)(most - least);
        if (needed >= MaxPlaces / 2)
        {
            return null;
        }

        needed++;
        if (isTight)
        {
            // All that there is, as it is the last time.
            var places = (ulong)Math.Clamp(PlacesIn(maxBytes), 0, MaxPlaces);
            return places < needed ? null : places - needed;
        }

        var leastRoom = (ulong)LeastRoom((long)needed);
        var cheapPlaces = (ulong)PlacesIn(cheapBytes);
        return needed + leastRoom <= cheapPlaces ? cheapPlaces - needed
            : BytesOf((long)(needed + leastRoom)) > maxBytes ? null
            : BytesOf((long)(2 * needed)) <= maxBytes ? Math.Max(needed, leastRoom)
            : leastRoom;
    }

    /// <summary>The most places, a multiple of 64, that take no more than so many bytes; not positive if there are none.</summary>
    public static long PlacesIn(long bytes) => bytes / ((BitsPerWord * Unsafe.SizeOf<TValue>()) + sizeof(ulong)) * BitsPerWord;

    private static long LeastRoom(long needed) => Math.Max(needed / RoomDenominator, BitsPerWord);

    // With the first place at a multiple of 64, the same keys are in the same words of all tables: words are added to words, and their buckets need not be found again.
    private static ulong Aligned(long least, ulong below, ulong room)
    {
        var above = (ulong)(least - (long)below) % BitsPerWord;
        var missing = (BitsPerWord - above) % BitsPerWord;
        return below >= missing ? below - missing : below + above <= room ? below + above : below;
    }

    private static long UsedBytesOf(long placeCount) => (placeCount + BitsPerWord - 1) / BitsPerWord * sizeof(ulong);

    /// <summary>What so many places take.</summary>
    public static long BytesOf(long placeCount) => UsedBytesOf(placeCount) + (placeCount * Unsafe.SizeOf<TValue>());

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int CountUsed()
    {
        var count = 0;
        foreach (var word in new ReadOnlySpan<ulong>(_used, (int)(UsedBytesOf(PlaceCount) / sizeof(ulong))))
        {
            count += BitOperations.PopCount(word);
        }

        return count;
    }

    // The other one's places are all among these.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Take(DenseTable<TKey, TValue> other)
    {
        other.MarkSums();
        var shift = (int)(other.First - First);
        if (shift == 0)
        {
            new ReadOnlySpan<byte>(other._used, (int)UsedBytesOf(other.PlaceCount)).CopyTo(new Span<byte>(_used, (int)UsedBytesOf(PlaceCount)));
            var valueBytes = (nuint)other.PlaceCount * (nuint)Unsafe.SizeOf<TValue>();
            NativeMemory.Copy(other._values, _values, valueBytes);
            _count = other._count;
            return;
        }

        for (var start = 0; start < other.PlaceCount; start += BitsPerWord)
        {
            for (var word = other._used[start / BitsPerWord]; word != 0; word &= word - 1)
            {
                var place = start + BitOperations.TrailingZeroCount(word);
                GetOrAdd(place + shift, out _) = other.ValueAt(place);
            }
        }
    }
}
