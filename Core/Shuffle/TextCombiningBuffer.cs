using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
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
    private const uint LengthMask = byte.MaxValue;

    // What is fetched for so many keys stays in the innermost cache until it is used.
    private const int FetchAheadKeys = 128;

    // Of the keys that are being added: where each is looked for, and its first bytes; of long ones the stable hash, too.
    private readonly int[] _positions = new int[FetchAheadKeys];
    private readonly ulong[] _prefixes = new ulong[FetchAheadKeys];
    private readonly ulong[] _longHashes = new ulong[FetchAheadKeys];

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

        AddAll(pairs, default, keepsNew: true);
    }

    public override int AddKnown(ReadOnlySpan<(Utf8Text Key, TValue Value)> pairs, Span<(Utf8Text Key, TCombined Value)> others) => AddAll(pairs, others, keepsNew: false);

    public override void Complete()
    {
    }

    public override int Count => _keys.Count;

    public override bool CanAddKnown => true;

    public override void Begin(ReadOnlySpan<(Utf8Text Key, TValue Value)> pairs, Span<(Utf8Text Key, TCombined Value)> begun)
    {
        for (var i = 0; i < pairs.Length; i++)
        {
            begun[i] = (pairs[i].Key, create(pairs[i].Value));
        }
    }

    public override int ReadOn(ref int position, Span<(Utf8Text Key, TCombined Value)> pairs)
    {
        var keys = _keys.Span;
        var count = 0;
        for (; position < _placeCount && count < pairs.Length; position++)
        {
            ref var place = ref PlaceAt(position);
            if (place.NumberPlusOne != 0)
            {
                pairs[count++] = (keys[place.NumberPlusOne - 1], place.Value);
            }
        }

        return count;
    }

    public override KeyOrder OrderAll()
    {
        var order = KeyOrder.OneBucket(_keys.Count);
        ListPlaces(order.NumbersOf(0));
        return order;
    }

    public override KeyOrder TryOrderByBucket(Partitioner partitioner)
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

    // The first bytes of a short key say everything about it but its length: within them, zeros at the end of a text look as if there were none. Of a long one this has part of the hash.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint TagOf(ulong longHash, int length) => length <= InlineBytes ? (uint)length : ((uint)(longHash >> 32) & ~LengthMask) | Math.Min((uint)length, LengthMask);

    /// <summary>Where a short key is looked for. That needs no hash that is stable, and no other one is as fast.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PositionOfShort(ulong prefix, ulong multiplier, int shift)
    {
        var low = prefix * multiplier;
        var high = Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(prefix, multiplier) : Math.BigMul(prefix, multiplier, out _);
        return (int)((high ^ low) >> shift);
    }

    private int PositionOf(ulong prefix, ulong longHash, bool isShort) => isShort ? PositionOfShort(prefix, multiplier, _shift) : (int)((longHash * multiplier) >> _shift);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Place PlaceAt(int position) => ref Unsafe.Add(ref Unsafe.As<byte, Place>(ref _memory!.Start), position);

    // The places of some keys are asked for before the first of them is looked at, so that the waits for memory overlap.
    private void Locate(ReadOnlySpan<(Utf8Text Key, TValue Value)> pairs)
    {
        for (var i = 0; i < pairs.Length; i++)
        {
            if (pairs[i].Key.Bytes.Block is { } block)
            {
                i += LocateShort(pairs[i..], block, block.All, _positions.AsSpan(i), _prefixes.AsSpan(i), ref PlaceAt(0), multiplier, _shift);
                if (i == pairs.Length)
                {
                    break;
                }
            }

            var hash = Utf8Hash.Of(pairs[i].Key.Span, out _prefixes[i]);
            _longHashes[i] = hash;
            _positions[i] = PositionOf(_prefixes[i], hash, pairs[i].Key.Length <= InlineBytes);
            Prefetch.Element(in PlaceAt(_positions[i]));
        }
    }

    /// <summary>Finds out where short keys of one block belong, up to the first other one.</summary>
    /// <param name="bytes">All bytes of the block. A key within the last eight of them counts as another one.</param>
    /// <returns>How many that were.</returns>
    /// <remarks>Calls nothing, so that what it needs is in registers.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int LocateShort(
        ReadOnlySpan<(Utf8Text Key, TValue Value)> pairs, ByteBlock block, ReadOnlySpan<byte> bytes, Span<int> positions, Span<ulong> prefixes, ref Place places, ulong multiplier, int shift)
    {
        positions = positions[..pairs.Length];
        prefixes = prefixes[..pairs.Length];
        var starts = (uint)Math.Max(bytes.Length - InlineBytes + 1, 0);
        var i = 0;
        for (; i < pairs.Length; i++)
        {
            var key = pairs[i].Key.Bytes;
            if (!ReferenceEquals(key.Block, block) || (uint)(key.Length - 1) >= InlineBytes || (uint)key.Start >= starts)
            {
                break;
            }

            // A shift takes its number modulo 64.
            var word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), key.Start));
            var prefix = (BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word)) & (ulong.MaxValue >> (-8 * key.Length));
            var position = PositionOfShort(prefix, multiplier, shift);
            prefixes[i] = prefix;
            positions[i] = position;
            Prefetch.Element(in Unsafe.Add(ref places, position));
        }

        return i;
    }

    /// <param name="others">Receives pairs of new keys, if those are not kept.</param>
    /// <param name="keepsNew">Whether there is room for new keys.</param>
    /// <returns>How many others there are.</returns>
    private int AddAll(ReadOnlySpan<(Utf8Text Key, TValue Value)> pairs, Span<(Utf8Text Key, TCombined Value)> others, bool keepsNew)
    {
        var count = 0;
        while (!pairs.IsEmpty)
        {
            var some = pairs[..Math.Min(pairs.Length, FetchAheadKeys)];
            pairs = pairs[some.Length..];
            Locate(some);
            count += _isAddition
                ? AddSome(some, others[count..], keepsNew, default(Addition<TCombined, TValue>))
                : AddSome(some, others[count..], keepsNew, new CalledMerge<TCombined, TValue>(merge));
        }

        return count;
    }

    private int AddSome<TMerge>(ReadOnlySpan<(Utf8Text Key, TValue Value)> pairs, Span<(Utf8Text Key, TCombined Value)> others, bool keepsNew, TMerge merging)
        where TMerge : struct, IMerge<TCombined, TValue>
    {
        var count = 0;
        for (var i = 0; i < pairs.Length; i++)
        {
            i += MergeKnown(pairs[i..], _positions.AsSpan(i), _prefixes.AsSpan(i), ref PlaceAt(0), _placeCount - 1, merging);
            if (i == pairs.Length)
            {
                break;
            }

            ref readonly var pair = ref pairs[i];
            var tag = TagOf(_longHashes[i], pair.Key.Length);
            ref var place = ref Find(pair.Key, tag, _prefixes[i], _positions[i]);
            if (place.NumberPlusOne != 0)
            {
                place.Value = merging.Merge(place.Value, pair.Value);
            }
            else if (!keepsNew)
            {
                others[count++] = (pair.Key, create(pair.Value));
            }
            else
            {
                var value = create(pair.Value);
                place.Prefix = _prefixes[i];
                place.Tag = tag;
                place.NumberPlusOne = Keep(pair.Key, pair.Key.Length <= InlineBytes ? Utf8Hash.Of(pair.Key.Span) : _longHashes[i]);
                place.Value = value;
            }
        }

        return count;
    }

    /// <summary>Merges the values of short keys that are there, up to the first other key.</summary>
    /// <returns>How many that were.</returns>
    /// <remarks>Calls nothing, so that what it needs is in registers.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int MergeKnown<TMerge>(
        ReadOnlySpan<(Utf8Text Key, TValue Value)> pairs, ReadOnlySpan<int> positions, ReadOnlySpan<ulong> prefixes, ref Place places, int mask, TMerge merging)
        where TMerge : struct, IMerge<TCombined, TValue>
    {
        positions = positions[..pairs.Length];
        prefixes = prefixes[..pairs.Length];
        for (var i = 0; i < pairs.Length; i++)
        {
            ref readonly var pair = ref pairs[i];
            var (position, prefix, tag) = (positions[i], prefixes[i], (uint)pair.Key.Length);

            // What is tagged with the length of a key that is not empty is used.
            if (tag - 1 >= InlineBytes)
            {
                return i;
            }

            ref var place = ref Unsafe.Add(ref places, position);
            while (place.Prefix != prefix || place.Tag != tag)
            {
                if (place.NumberPlusOne == 0)
                {
                    return i;
                }

                position = (position + 1) & mask;
                place = ref Unsafe.Add(ref places, position);
            }

            place.Value = merging.Merge(place.Value, pair.Value);
        }

        return pairs.Length;
    }

    /// <summary>The place of a key, or the free one where it belongs.</summary>
    /// <param name="position">Where it is looked for first.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Place Find(in Utf8Text key, uint tag, ulong prefix, int position)
    {
        for (; ; position = (position + 1) & (_placeCount - 1))
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
                var isShort = (from.Tag & LengthMask) <= InlineBytes;
                var position = PositionOf(from.Prefix, isShort ? 0 : _hashes.Span[from.NumberPlusOne - 1], isShort);
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
