using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Dpark.Rdds;
using Dpark.Text;

namespace Dpark.Shuffle;

/// <summary>
/// As the general index, for texts: a slot holds the first eight bytes of its key, so that a short word is found with one look at memory. New keys are copied
/// into memory of the index, so the texts of a batch need not live longer than the batch.
/// </summary>
internal sealed class Utf8KeyIndex : KeyIndex<Utf8Text>
{
    private const int SmallestSlots = 1024;
    private const int FetchAheadSlots = 1 << 12;
    private const int FetchAheadKeys = 128;
    private const int InlineBytes = sizeof(ulong);

    private readonly ulong[] _batchHashes = new ulong[FetchAheadKeys];
    private readonly ulong[] _batchPrefixes = new ulong[FetchAheadKeys];
    private readonly ByteArena _arena = new();
    private PooledList<Utf8Text> _keys = new();
    private PooledList<ulong> _hashes = new();
    private Slot[] _slots = [];
    private int _slotCount;
    private int _shift;

    public override ReadOnlySpan<Utf8Text> Keys => _keys.Span;

    public override ReadOnlySpan<ulong> Hashes => _hashes.Span;

    public override long BytesWithBatch
    {
        get
        {
            var needed = Count + BatchReader.Capacity;
            var slotCount = needed > MaxKeys(_slotCount) ? SlotsFor(needed) : _slotCount;
            return (slotCount * (long)Unsafe.SizeOf<Slot>()) + _keys.BytesWith(needed) + _hashes.BytesWith(needed) + _arena.Capacity;
        }
    }

    public override void Locate(ReadOnlySpan<Utf8Text> keys, Span<int> numbers)
    {
        if (Count + keys.Length > MaxKeys(_slotCount))
        {
            GrowSlots(Count + keys.Length);
        }

        for (var start = 0; start < keys.Length; start += FetchAheadKeys)
        {
            var some = keys.Slice(start, Math.Min(FetchAheadKeys, keys.Length - start));
            Hash(some);
            for (var i = 0; i < some.Length; i++)
            {
                numbers[start + i] = Locate(some[i], _batchHashes[i], _batchPrefixes[i]);
            }
        }
    }

    public override void Find(ReadOnlySpan<Utf8Text> keys, Span<int> numbers)
    {
        if (Count == 0)
        {
            numbers[..keys.Length].Fill(-1);
            return;
        }

        for (var start = 0; start < keys.Length; start += FetchAheadKeys)
        {
            var some = keys.Slice(start, Math.Min(FetchAheadKeys, keys.Length - start));
            Hash(some);
            for (var i = 0; i < some.Length; i++)
            {
                numbers[start + i] = Find(some[i], _batchHashes[i], _batchPrefixes[i]);
            }
        }
    }

    public override void Clear()
    {
        Array.Clear(_slots, 0, _slotCount);
        _keys.Clear();
        _hashes.Clear();
        _arena.Clear();
        Count = 0;
    }

    public override void Dispose()
    {
        _keys.Dispose();
        _hashes.Dispose();
        _arena.Dispose();
        ReturnSlots();
        _slotCount = 0;
        Count = 0;
    }

    // The slots of some keys are asked for before the first of them is looked at, so that the waits for memory overlap. An address is only a hint.
    private unsafe void Hash(ReadOnlySpan<Utf8Text> keys)
    {
        ref var slots = ref MemoryMarshal.GetArrayDataReference(_slots);
        var fetchesAhead = _slotCount >= FetchAheadSlots && Sse.IsSupported;
        for (var i = 0; i < keys.Length; i++)
        {
            var hash = Utf8Hash.Of(keys[i].Span, out _batchPrefixes[i]);
            _batchHashes[i] = hash;
            if (fetchesAhead)
            {
                Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref slots, PositionOf(hash))));
            }
        }
    }

    private int Locate(Utf8Text key, ulong hash, ulong prefix)
    {
        var slots = _slots;
        var mask = _slotCount - 1;
        var tag = TagOf(hash, key.Length);
        for (var position = PositionOf(hash); ; position = (position + 1) & mask)
        {
            ref var slot = ref slots[position];
            if (slot.NumberPlusOne == 0)
            {
                slot = new Slot(prefix, tag, Count + 1);
                return Add(key, hash);
            }

            if (IsOf(slot, key, tag, prefix))
            {
                return slot.NumberPlusOne - 1;
            }
        }
    }

    private int Find(Utf8Text key, ulong hash, ulong prefix)
    {
        var mask = _slotCount - 1;
        var tag = TagOf(hash, key.Length);
        for (var position = PositionOf(hash); ; position = (position + 1) & mask)
        {
            ref var slot = ref _slots[position];
            if (slot.NumberPlusOne == 0 || IsOf(slot, key, tag, prefix))
            {
                return slot.NumberPlusOne - 1;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsOf(in Slot slot, Utf8Text key, uint tag, ulong prefix) =>
        slot.Prefix == prefix && slot.Tag == tag && (key.Length <= InlineBytes || _keys.Span[slot.NumberPlusOne - 1] == key);

    private int Add(Utf8Text key, ulong hash)
    {
        var start = _arena.Add(key.Span, out var block);
        _keys.Add(new Utf8Text(block, start, key.Length));
        _hashes.Add(hash);
        return Count++;
    }

    // Part of the hash, and the length as far as it decides: within a prefix, zeros at the end of a text look as if there were none.
    private static uint TagOf(ulong hash, int length) => ((uint)(hash >> 32) & 0xFFFF_FF00) | (uint)Math.Min(length, byte.MaxValue);

    // A reducer's keys may all agree in the bits that chose their partition, so the position is made of all bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int PositionOf(ulong hash) => (int)((hash * 0x9E37_79B9_7F4A_7C15) >> _shift);

    // At most two slots in three are used.
    private static int MaxKeys(int slotCount) => slotCount / 3 * 2;

    private static int SlotsFor(int needed) => (int)Math.Min(BitOperations.RoundUpToPowerOf2((ulong)Math.Max(SmallestSlots, (needed * 3L / 2) + 3)), 1UL << 30);

    private void GrowSlots(int needed)
    {
        ReturnSlots();
        _slotCount = SlotsFor(needed);
        _slots = ArrayPool<Slot>.Shared.Rent(_slotCount);
        Array.Clear(_slots, 0, _slotCount);
        _shift = 64 - BitOperations.Log2((uint)_slotCount);
        var mask = _slotCount - 1;
        for (var number = 0; number < Count; number++)
        {
            var key = _keys.Span[number];
            var hash = Utf8Hash.Of(key.Span, out var prefix);
            var position = PositionOf(hash);
            while (_slots[position].NumberPlusOne != 0)
            {
                position = (position + 1) & mask;
            }

            _slots[position] = new Slot(prefix, TagOf(hash, key.Length), number + 1);
        }
    }

    private void ReturnSlots()
    {
        if (_slots.Length > 0)
        {
            ArrayPool<Slot>.Shared.Return(_slots);
        }

        _slots = [];
    }

    /// <summary>One place of the table; the default value is an empty one.</summary>
    private readonly record struct Slot(ulong Prefix, uint Tag, int NumberPlusOne);
}
