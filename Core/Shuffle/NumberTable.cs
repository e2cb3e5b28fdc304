using System.Numerics;
using System.Runtime.CompilerServices;
using Dpark.Memory;

namespace Dpark.Shuffle;

/// <summary>
/// Values by key for keys that are integers and values without references; a lookup waits for memory once. Small tables, and those whose keys are scattered, use open
/// addressing: key and value lie side by side, a place is free if its key is 0, and the pair whose key is 0 lies behind the last place. When it grows and finds its
/// keys so close together that a <see cref="DenseTable{TKey, TValue}"/> takes no more memory, or only a little, it becomes one, until keys come that do not fit in there.
/// For types that <see cref="IsSupported"/> accepts. Used by one thread.
/// </summary>
/// <remarks>Hashed and dense places have the same methods but for finding them. Whoever adds looks at <see cref="Dense"/> after each <see cref="Reserve"/>.</remarks>
/// <param name="multiplier">
/// Odd; spreads keys over places. Pairs are read in the order of their places, so a table that is filled from another one needs another multiplier: in order of
/// their own places, keys would come to a table that is still small in long runs without gaps, and every probe would walk through one.
/// </param>
/// <param name="memory">
/// Counts the table that a larger one replaces, until it has, says whether there is plenty for <see cref="EarlyDenseBytes"/>, and whether a dense table may become larger;
/// <see langword="null"/>: nobody does.
/// </param>
internal sealed partial class NumberTable<TKey, TValue>(ulong multiplier, MemoryClaim? memory = null) : IDisposable
{
    // More than one in three places is free: probes stay short although neighbouring places fill up.
    private const int LoadNumerator = 2;
    private const int LoadDenominator = 3;
    private const int SmallestPlaces = 1024;
    private const int MaxValueBytes = 56;

    private PageMemory? _memory;
    private int _placeCount;
    private int _shift;
    private int _hashedCount;
    private bool _hasZero;

    /// <summary>Whether keys and values of these types can be kept.</summary>
    public static bool IsSupported =>
        (typeof(TKey) == typeof(long) || typeof(TKey) == typeof(int) || typeof(TKey) == typeof(ulong) || typeof(TKey) == typeof(uint)) &&
        !RuntimeHelpers.IsReferenceOrContainsReferences<TValue>() && Unsafe.SizeOf<TValue>() <= MaxValueBytes;

    /// <summary>Pairs.</summary>
    public int Count => Dense?.Count ?? _hashedCount;

    /// <summary>Where all pairs are, if their keys are close together; else <see langword="null"/>, and they are in hashed places.</summary>
    public DenseTable<TKey, TValue>? Dense { get; private set; }

    /// <summary>As many pairs as there are, or more, where to count them takes long.</summary>
    public int MostCount => Dense?.MostCount ?? _hashedCount;

    /// <summary>Places are numbered from 0, dense or hashed.</summary>
    public int PlaceCount => Dense?.PlaceCount ?? (_memory is null ? 0 : _placeCount + 1);

    /// <summary>Memory once so many more pairs are there, whatever their keys are, unless the table becomes dense early. For owners whose tables have no claim.</summary>
    public long BytesWith(int newPairs) => PageMemory.TakenFor(Math.Max(Dense?.Length ?? _memory?.Length ?? 0, BytesOf(PlacesFor((long)MostCount + newPairs))));

    /// <summary>As <see cref="BytesWith"/>, but a dense table needs no more than it has: <see cref="Widen(long, long, int, long, bool)"/> asks the claim.</summary>
    public long BytesUnlessWidened(int newPairs) => Dense is { } dense ? PageMemory.TakenFor(dense.Length) : BytesWith(newPairs);

    /// <summary>Memory that is there for a moment beside <see cref="BytesWith"/>, because the table is replaced by a larger one; 0 if it has room. That a dense one must be replaced is seen by its keys only.</summary>
    public long BytesReplacedWith(int newPairs) =>
        Dense is null && _memory is { } old && PlacesFor((long)_hashedCount + newPairs) > _placeCount ? PageMemory.TakenFor(old.Length) : 0;

    /// <summary>Makes room for so many new keys, or becomes dense. If it is dense, does nothing: see <see cref="Widen(long, long, int, long, bool)"/>.</summary>
    /// <param name="addedCount">Pairs that were added so far, those of keys that were there included; 0 if nobody counts.</param>
    public void Reserve(int newPairs, long addedCount = 0)
    {
        if (Dense is not null)
        {
            return;
        }

        var wanted = PlacesFor((long)_hashedCount + newPairs);
        if (wanted > _placeCount)
        {
            Enlarge(wanted, addedCount);
        }
    }

    /// <summary>The value of a key, wherever it is. There is a place for a new one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TValue GetOrAdd(TKey key, out bool exists)
    {
        if (Dense is { } dense)
        {
            return ref dense.GetOrAdd((int)dense.OffsetOf(key), out exists);
        }

        return ref GetOrAdd(key, PositionOf(key), out exists);
    }

    /// <summary>Whether a key has a hashed place: all but one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsPlaced(TKey key) => BitsOf(key) != 0;

    /// <summary>Where the search for a key in hashed places begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int PositionOf(TKey key) => PositionBy(key, multiplier, _shift);

    /// <summary>Fetches a hashed place into the innermost cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FetchAhead(int position) => Prefetch.Element(in PlaceAt(position));

    /// <summary>Fetches the place of a key, wherever that is. The table has places; there may be none for this key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FetchPlaceOf(TKey key)
    {
        if (Dense is { } dense)
        {
            dense.FetchAhead((int)dense.OffsetOf(key));
        }
        else
        {
            FetchAhead(PositionOf(key));
        }
    }

    /// <summary>The value of a key in hashed places. There is room for a new one.</summary>
    /// <param name="position">From <see cref="PositionOf"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TValue GetOrAdd(TKey key, int position, out bool exists)
    {
        if (BitsOf(key) == 0)
        {
            return ref GetOrAddZero(out exists);
        }

        return ref GetOrAddPlaced(key, position, out exists);
    }

    /// <summary>As <see cref="GetOrAdd(TKey, int, out bool)"/>, of a key that <see cref="IsPlaced"/>; calls nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TValue GetOrAddPlaced(TKey key, int position, out bool exists)
    {
        for (; ; position = (position + 1) & (_placeCount - 1))
        {
            ref var place = ref PlaceAt(position);
            if (BitsOf(place.Key) == BitsOf(key))
            {
                exists = true;
                return ref place.Value;
            }

            if (BitsOf(place.Key) == 0)
            {
                place.Key = key;
                _hashedCount++;
                exists = false;
                return ref place.Value;
            }
        }
    }

    /// <summary>Finds a key in hashed places. The table is not empty.</summary>
    /// <param name="position">From <see cref="PositionOf"/>.</param>
    /// <returns>Its place; -1 if it is not there.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int PlaceOf(TKey key, int position)
    {
        var bits = BitsOf(key);
        if (bits == 0)
        {
            return _hasZero ? _placeCount : -1;
        }

        for (; ; position = (position + 1) & (_placeCount - 1))
        {
            var found = BitsOf(PlaceAt(position).Key);
            if (found == bits)
            {
                return position;
            }

            if (found == 0)
            {
                return -1;
            }
        }
    }

    /// <summary>The value at a place that is used.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TValue ValueAt(int place)
    {
        if (Dense is { } dense)
        {
            return ref dense.ValueAt(place);
        }

        return ref PlaceAt(place).Value;
    }

    /// <summary>The places that are used, ascending.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ListPlaces(Span<int> places)
    {
        if (Dense is { } dense)
        {
            dense.ListPlaces(places);
            return;
        }

        var count = 0;
        for (var position = 0; position < _placeCount; position++)
        {
            if (BitsOf(PlaceAt(position).Key) != 0)
            {
                places[count++] = position;
            }
        }

        if (_hasZero)
        {
            places[count] = _placeCount;
        }
    }

    /// <summary>The pairs at some places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Read(ReadOnlySpan<int> places, Span<(TKey Key, TValue Value)> pairs)
    {
        pairs = pairs[..places.Length];
        if (Dense is { } dense)
        {
            for (var i = 0; i < pairs.Length; i++)
            {
                pairs[i] = (dense.KeyAt(places[i]), dense.ValueAt(places[i]));
            }

            return;
        }

        for (var i = 0; i < pairs.Length; i++)
        {
            ref var place = ref PlaceAt(places[i]);
            pairs[i] = (place.Key, place.Value);
        }
    }

    /// <summary>Reads the next pairs in the order of their places.</summary>
    /// <param name="position">The place to begin with; is moved on.</param>
    /// <returns>How many there are; 0 at the end.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int ReadOn(ref int position, Span<(TKey Key, TValue Value)> pairs)
    {
        if (Dense is { } dense)
        {
            return dense.ReadOn(ref position, pairs);
        }

        var place = position;
        var count = 0;
        for (; place < _placeCount && count < pairs.Length; place++)
        {
            ref var entry = ref PlaceAt(place);
            if (BitsOf(entry.Key) != 0)
            {
                pairs[count++] = (entry.Key, entry.Value);
            }
        }

        if (place == _placeCount && count < pairs.Length)
        {
            if (_hasZero)
            {
                pairs[count++] = (default!, PlaceAt(_placeCount).Value);
            }

            place++;
        }

        position = place;
        return count;
    }

    /// <summary>Replaces the values at those places that are used by what a function makes of them.</summary>
    /// <param name="start">The first place.</param>
    /// <param name="end">Behind the last place, at most <see cref="PlaceCount"/>.</param>
    public void ReplaceValues(int start, int end, Func<TValue, TValue> transform)
    {
        if (Dense is { } dense)
        {
            dense.ReplaceValues(start, end, transform);
            return;
        }

        for (var place = start; place < end; place++)
        {
            ref var entry = ref PlaceAt(place);
            if (place == _placeCount ? _hasZero : BitsOf(entry.Key) != 0)
            {
                entry.Value = transform(entry.Value);
            }
        }
    }

    /// <summary>The keys at some places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ReadKeys(ReadOnlySpan<int> places, Span<TKey> keys)
    {
        keys = keys[..places.Length];
        if (Dense is { } dense)
        {
            for (var i = 0; i < keys.Length; i++)
            {
                keys[i] = dense.KeyAt(places[i]);
            }

            return;
        }

        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = PlaceAt(places[i]).Key;
        }
    }

    /// <summary>Forgets all pairs and keeps the memory.</summary>
    public void Clear()
    {
        Dense?.Clear();
        _memory?.Clear();
        _hasZero = false;
        _hashedCount = 0;
        _range = null;
    }

    /// <summary>Returns the memory.</summary>
    public void Dispose()
    {
        Dense?.Dispose();
        Dense = null;
        ReleaseHashed();
    }

    private static int PlacesFor(long pairs) =>
        (int)Math.Min(BitOperations.RoundUpToPowerOf2((ulong)Math.Max(SmallestPlaces, (pairs * LoadDenominator / LoadNumerator) + 1)), 1UL << 30);

    private static long BytesOf(int placeCount) => (placeCount + 1L) * Unsafe.SizeOf<Place>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong BitsOf(TKey key) => Unsafe.SizeOf<TKey>() == sizeof(int) ? Unsafe.BitCast<TKey, uint>(key) : Unsafe.BitCast<TKey, ulong>(key);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PositionBy(TKey key, ulong multiplier, int shift)
    {
        var bits = BitsOf(key);
        return (int)(((bits ^ (bits >> 32)) * multiplier) >> shift);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Place PlaceAt(int position) => ref Unsafe.Add(ref Unsafe.As<byte, Place>(ref _memory!.Start), position);

    private ref TValue GetOrAddZero(out bool exists)
    {
        exists = _hasZero;
        _hashedCount += _hasZero ? 0 : 1;
        _hasZero = true;
        return ref PlaceAt(_placeCount).Value;
    }

    private void Enlarge(int wanted, long addedCount)
    {
        var replaced = _memory is { } old ? PageMemory.TakenFor(old.Length) : 0;
        memory?.TakeBeside(replaced);
        try
        {
            var (least, most) = _hashedCount == 0 ? (long.MinValue, long.MaxValue) : FindRange();
            if (!MakeDense(least, most, Math.Max(BytesOf(wanted), LikelyBytes(least, most, addedCount))))
            {
                Grow(wanted);
            }
        }
        finally
        {
            memory?.ReturnBeside(replaced);
        }
    }

    private void ReleaseHashed()
    {
        _memory?.Dispose();
        _memory = null;
        _placeCount = 0;
        _hasZero = false;
        _hashedCount = 0;
        _range = null;
    }

    // Positions are the upper bits of a product, so the pairs come in nearly the order of their new places.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Grow(int placeCount)
    {
        var (old, oldCount) = (_memory, _placeCount);
        _memory = new PageMemory(BytesOf(placeCount));
        _placeCount = placeCount;
        _shift = 64 - BitOperations.Log2((uint)placeCount);
        if (old is null)
        {
            return;
        }

        ref var source = ref Unsafe.As<byte, Place>(ref old.Start);
        for (var i = 0; i < oldCount; i++)
        {
            ref var from = ref Unsafe.Add(ref source, i);
            if (BitsOf(from.Key) != 0)
            {
                var position = PositionOf(from.Key);
                while (BitsOf(PlaceAt(position).Key) != 0)
                {
                    position = (position + 1) & (placeCount - 1);
                }

                PlaceAt(position) = from;
            }
        }

        PlaceAt(placeCount) = Unsafe.Add(ref source, oldCount);
        old.Dispose();
    }

    private struct Place
    {
        public TKey Key;
        public TValue Value;
    }
}
