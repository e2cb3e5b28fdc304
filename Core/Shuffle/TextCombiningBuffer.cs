using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Dpark.Memory;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Text;

namespace Dpark.Shuffle;

/// <summary>
/// As <see cref="CombiningBuffer{TKey, TValue, TCombined}"/>, for texts and values without references: a place holds the first eight bytes of its key and its value, so
/// that a short word is counted with one look at memory. Keys are copied into memory of the buffer.
/// </summary>
/// <param name="multiplier">Odd; spreads hashes over places. See <see cref="NumberTable{TKey, TValue}"/> for why two sides need two.</param>
internal sealed class TextCombiningBuffer<TValue, TCombined>(
    Func<TValue, TCombined> create, Func<TCombined, TValue, TCombined> merge, ulong multiplier, MemoryClaim memory) : PairBuffer<Utf8Text, TValue, TCombined>(memory)
{
    private const int SmallestPlaces = 1024;
    private const int MaxValueBytes = 48;
    private const int InlineBytes = sizeof(ulong);

    // What is fetched for so many keys stays in the innermost cache until it is used.
    private const int FetchAheadKeys = 128;

    private readonly bool _isAddition = Addition<TCombined, TValue>.Is(create, merge);
    private readonly ByteArena _arena = new();
    private PooledList<Utf8Text> _keys = new();
    private PooledList<ulong> _hashes = new();
    private PageMemory? _memory;
    private int _placeCount;
    private int _shift;

    private long TakenBytes => _memory is { } places ? PageMemory.TakenFor(places.Length) : 0;

    /// <summary>Whether values of the type can be kept.</summary>
    public static bool IsSupported => !RuntimeHelpers.IsReferenceOrContainsReferences<TCombined>() && Unsafe.SizeOf<TCombined>() <= MaxValueBytes;

    // A task may hold the numbers and buckets of all pairs beside the pairs themselves when it writes them.
    public override bool IsFull
    {
        get
        {
            var count = (long)_keys.Count + BatchReader.Capacity;
            var places = PageMemory.TakenFor(Math.Max(_placeCount, PlacesFor(count)) * (long)Unsafe.SizeOf<Place>());
            return !Memory.TryHold(places + _keys.BytesWith(count) + _hashes.BytesWith(count) + _arena.Capacity + (2 * sizeof(int) * count))
                || (PlacesFor(count) > _placeCount && !Memory.HasRoomBeside(TakenBytes));
        }
    }

    public override void Add(ReadOnlySpan<(Utf8Text Key, TValue Value)> pairs)
    {
        if (PlacesFor((long)_keys.Count + pairs.Length) > _placeCount)
        {
            var replaced = TakenBytes;
            Memory.TakeBeside(replaced);
            try
            {
                Grow(PlacesFor((long)_keys.Count + pairs.Length));
            }
            finally
            {
                Memory.ReturnBeside(replaced);
            }
        }

        Span<ulong> hashes = stackalloc ulong[FetchAheadKeys];
        Span<ulong> prefixes = stackalloc ulong[FetchAheadKeys];
        while (!pairs.IsEmpty)
        {
            var some = pairs[..Math.Min(pairs.Length, FetchAheadKeys)];
            pairs = pairs[some.Length..];
            for (var i = 0; i < some.Length; i++)
            {
                hashes[i] = Utf8Hash.Of(some[i].Key.Span, out prefixes[i]);
                FetchAhead(PositionOf(hashes[i]));
            }

            if (_isAddition)
            {
                AddSome(some, hashes[..some.Length], prefixes[..some.Length], default(Addition<TCombined, TValue>));
            }
            else
            {
                AddSome(some, hashes[..some.Length], prefixes[..some.Length], new CalledMerge<TCombined, TValue>(merge));
            }
        }
    }

    public override void Complete()
    {
    }

    public override KeyOrder OrderAll()
    {
        var order = KeyOrder.OneBucket(_keys.Count);
        ListPlaces(order.NumbersOf(0));
        return order;
    }

    public override KeyOrder OrderByBucket(Partitioner partitioner)
    {
        var places = new PooledList<int>();
        var keys = new PooledList<Utf8Text>();
        try
        {
            var used = places.ExtendTo(_keys.Count)[.._keys.Count];
            ListPlaces(used);
            var usedKeys = keys.ExtendTo(used.Length)[..used.Length];
            for (var i = 0; i < used.Length; i++)
            {
                usedKeys[i] = _keys.Span[PlaceAt(used[i]).NumberPlusOne - 1];
            }

            return KeyOrder.ByBucket<Utf8Text>(usedKeys, used, partitioner);
        }
        finally
        {
            places.Dispose();
            keys.Dispose();
        }
    }

    public override void HashesOf(ReadOnlySpan<int> numbers, Span<ulong> hashes)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            hashes[i] = _hashes.Span[PlaceAt(numbers[i]).NumberPlusOne - 1];
        }
    }

    public override void Read(ReadOnlySpan<int> numbers, Span<(Utf8Text Key, TCombined Value)> pairs)
    {
        var keys = _keys.Span;
        for (var i = 0; i < numbers.Length; i++)
        {
            ref var place = ref PlaceAt(numbers[i]);
            pairs[i] = (keys[place.NumberPlusOne - 1], place.Value);
        }
    }

    protected override void RemoveAll()
    {
        _memory?.Clear();
        _keys.Clear();
        _hashes.Clear();
        _arena.Clear();
    }

    protected override void ReleaseAll()
    {
        _memory?.Dispose();
        _memory = null;
        _placeCount = 0;
        _keys.Dispose();
        _hashes.Dispose();
        _arena.Dispose();
    }

    // At most two places in three are used.
    private static int PlacesFor(long count) => (int)Math.Min(BitOperations.RoundUpToPowerOf2((ulong)Math.Max(SmallestPlaces, (count * 3 / 2) + 1)), 1UL << 30);

    // Part of the hash, and the length as far as it decides: within a prefix, zeros at the end of a text look as if there were none.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint TagOf(ulong hash, int length) => ((uint)(hash >> 32) & 0xFFFF_FF00) | (uint)Math.Min(length, byte.MaxValue);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int PositionOf(ulong hash) => (int)((hash * multiplier) >> _shift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Place PlaceAt(int position) => ref Unsafe.Add(ref Unsafe.As<byte, Place>(ref _memory!.Start), position);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private unsafe void FetchAhead(int position)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref PlaceAt(position)));
        }
    }

    private void AddSome<TMerge>(ReadOnlySpan<(Utf8Text Key, TValue Value)> pairs, ReadOnlySpan<ulong> hashes, ReadOnlySpan<ulong> prefixes, TMerge merging)
        where TMerge : struct, IMerge<TCombined, TValue>
    {
        for (var i = 0; i < pairs.Length; i++)
        {
            i += MergeKnown(pairs[i..], hashes[i..], prefixes[i..], ref PlaceAt(0), multiplier, _shift, merging);
            if (i == pairs.Length)
            {
                break;
            }

            ref readonly var pair = ref pairs[i];
            ref var place = ref Find(pair.Key, hashes[i], prefixes[i]);
            if (place.NumberPlusOne != 0)
            {
                place.Value = merging.Merge(place.Value, pair.Value);
            }
            else
            {
                var value = create(pair.Value);
                place.Prefix = prefixes[i];
                place.Tag = TagOf(hashes[i], pair.Key.Length);
                place.NumberPlusOne = Keep(pair.Key, hashes[i]);
                place.Value = value;
            }
        }
    }

    /// <summary>Merges the values of short keys that are where they belong, which most are, up to the first other one.</summary>
    /// <returns>How many that were.</returns>
    /// <remarks>Calls nothing, so that what it needs is in registers.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int MergeKnown<TMerge>(
        ReadOnlySpan<(Utf8Text Key, TValue Value)> pairs, ReadOnlySpan<ulong> hashes, ReadOnlySpan<ulong> prefixes, ref Place places, ulong multiplier, int shift, TMerge merging)
        where TMerge : struct, IMerge<TCombined, TValue>
    {
        hashes = hashes[..pairs.Length];
        prefixes = prefixes[..pairs.Length];
        var i = 0;
        for (; i < pairs.Length; i++)
        {
            ref readonly var pair = ref pairs[i];
            ref var place = ref Unsafe.Add(ref places, (nint)((hashes[i] * multiplier) >> shift));
            if (pair.Key.Length > InlineBytes || place.NumberPlusOne == 0 || place.Prefix != prefixes[i] || place.Tag != TagOf(hashes[i], pair.Key.Length))
            {
                break;
            }

            place.Value = merging.Merge(place.Value, pair.Value);
        }

        return i;
    }

    /// <summary>The place of a key, or the free one where it belongs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Place Find(in Utf8Text key, ulong hash, ulong prefix)
    {
        var tag = TagOf(hash, key.Length);
        for (var position = PositionOf(hash); ; position = (position + 1) & (_placeCount - 1))
        {
            ref var place = ref PlaceAt(position);
            if (place.NumberPlusOne == 0 ||
                (place.Prefix == prefix && place.Tag == tag && (key.Length <= InlineBytes || _keys.Span[place.NumberPlusOne - 1] == key)))
            {
                return ref place;
            }
        }
    }

    private int Keep(in Utf8Text key, ulong hash)
    {
        var start = _arena.Add(key.Span, out var block);
        _keys.Add(new Utf8Text(block, start, key.Length));
        _hashes.Add(hash);
        return _keys.Count;
    }

    private void ListPlaces(Span<int> places)
    {
        var count = 0;
        for (var position = 0; position < _placeCount; position++)
        {
            if (PlaceAt(position).NumberPlusOne != 0)
            {
                places[count++] = position;
            }
        }
    }

    private void Grow(int placeCount)
    {
        var (old, oldCount) = (_memory, _placeCount);
        _memory = new PageMemory(placeCount * (long)Unsafe.SizeOf<Place>());
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
            if (from.NumberPlusOne != 0)
            {
                var position = PositionOf(_hashes.Span[from.NumberPlusOne - 1]);
                while (PlaceAt(position).NumberPlusOne != 0)
                {
                    position = (position + 1) & (placeCount - 1);
                }

                PlaceAt(position) = from;
            }
        }

        old.Dispose();
    }

    private struct Place
    {
        public ulong Prefix;
        public uint Tag;
        public int NumberPlusOne;
        public TCombined Value;
    }
}
