using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Dpark.Shuffle;

/// <summary>
/// Open addressing for keys that are integers and values without references: key and value lie side by side, so that a lookup waits for memory once. A place is
/// free if its key is 0; the pair whose key is 0 lies behind the last place. For types that <see cref="IsSupported"/> accepts. Used by one thread.
/// </summary>
/// <param name="multiplier">
/// Odd; spreads keys over places. Pairs are read in the order of their places, so a table that is filled from another one needs another multiplier: in order of
/// their own places, keys would come to a table that is still small in long runs without gaps, and every probe would walk through one.
/// </param>
internal sealed class NumberTable<TKey, TValue>(ulong multiplier) : IDisposable
{
    // More than one in three places is free: probes stay short although neighbouring places fill up.
    private const int LoadNumerator = 2;
    private const int LoadDenominator = 3;
    private const int SmallestPlaces = 1024;
    private const int MaxValueBytes = 56;

    private PageMemory? _memory;
    private int _placeCount;
    private int _shift;
    private bool _hasZero;

    /// <summary>Whether keys and values of these types can be kept.</summary>
    public static bool IsSupported =>
        (typeof(TKey) == typeof(long) || typeof(TKey) == typeof(int) || typeof(TKey) == typeof(ulong) || typeof(TKey) == typeof(uint)) &&
        !RuntimeHelpers.IsReferenceOrContainsReferences<TValue>() && Unsafe.SizeOf<TValue>() <= MaxValueBytes;

    /// <summary>Pairs.</summary>
    public int Count { get; private set; }

    /// <summary>Places are numbered from 0 up to and including this; the last one is that of key 0.</summary>
    public int LastPlace => _placeCount;

    /// <summary>Memory once so many more pairs are there.</summary>
    public long BytesWith(int newPairs) => Math.Max(_memory?.Length ?? 0, BytesOf(PlacesFor((long)Count + newPairs)));

    /// <summary>Makes room for so many new keys.</summary>
    public void Reserve(int newPairs)
    {
        var wanted = PlacesFor((long)Count + newPairs);
        if (wanted > _placeCount)
        {
            Grow(wanted);
        }
    }

    /// <summary>Where the search for a key begins.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int PositionOf(TKey key)
    {
        var bits = BitsOf(key);
        return (int)(((bits ^ (bits >> 32)) * multiplier) >> _shift);
    }

    /// <summary>Fetches a place into the innermost cache.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public unsafe void FetchAhead(int position)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref PlaceAt(position)));
        }
    }

    /// <summary>The value of a key. There is room for a new one.</summary>
    /// <param name="position">From <see cref="PositionOf"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TValue GetOrAdd(TKey key, int position, out bool exists)
    {
        if (BitsOf(key) == 0)
        {
            return ref GetOrAddZero(out exists);
        }

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
                Count++;
                exists = false;
                return ref place.Value;
            }
        }
    }

    /// <summary>Finds the value of a key. The table is not empty.</summary>
    /// <param name="position">From <see cref="PositionOf"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGet(TKey key, int position, out TValue value)
    {
        var bits = BitsOf(key);
        for (; bits != 0; position = (position + 1) & (_placeCount - 1))
        {
            ref var place = ref PlaceAt(position);
            if (BitsOf(place.Key) == bits)
            {
                value = place.Value;
                return true;
            }

            if (BitsOf(place.Key) == 0)
            {
                value = default!;
                return false;
            }
        }

        value = PlaceAt(_placeCount).Value;
        return _hasZero;
    }

    /// <summary>The places that are used, ascending.</summary>
    public void ListPlaces(Span<int> places)
    {
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
    public void Read(ReadOnlySpan<int> places, Span<(TKey Key, TValue Value)> pairs)
    {
        pairs = pairs[..places.Length];
        for (var i = 0; i < pairs.Length; i++)
        {
            ref var place = ref PlaceAt(places[i]);
            pairs[i] = (place.Key, place.Value);
        }
    }

    /// <summary>The keys at some places.</summary>
    public void ReadKeys(ReadOnlySpan<int> places, Span<TKey> keys)
    {
        keys = keys[..places.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = PlaceAt(places[i]).Key;
        }
    }

    /// <summary>Forgets all pairs and keeps the memory.</summary>
    public void Clear()
    {
        _memory?.Clear();
        _hasZero = false;
        Count = 0;
    }

    /// <summary>Returns the memory.</summary>
    public void Dispose()
    {
        _memory?.Dispose();
        _memory = null;
        _placeCount = 0;
        _hasZero = false;
        Count = 0;
    }

    private static int PlacesFor(long pairs) =>
        (int)Math.Min(BitOperations.RoundUpToPowerOf2((ulong)Math.Max(SmallestPlaces, (pairs * LoadDenominator / LoadNumerator) + 1)), 1UL << 30);

    private static long BytesOf(int placeCount) => (placeCount + 1L) * Unsafe.SizeOf<Place>();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong BitsOf(TKey key) => Unsafe.SizeOf<TKey>() == sizeof(int) ? Unsafe.BitCast<TKey, uint>(key) : Unsafe.BitCast<TKey, ulong>(key);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Place PlaceAt(int position) => ref Unsafe.Add(ref Unsafe.As<byte, Place>(ref _memory!.Start), position);

    private ref TValue GetOrAddZero(out bool exists)
    {
        exists = _hasZero;
        Count += _hasZero ? 0 : 1;
        _hasZero = true;
        return ref PlaceAt(_placeCount).Value;
    }

    // Positions are the upper bits of a product, so the pairs come in nearly the order of their new places.
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
