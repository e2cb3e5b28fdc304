using System.Buffers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Text;
using StableHash = Dpark.Partitioning.StableHash;

namespace Dpark.Shuffle;

/// <summary>Numbers distinct keys from 0 in the order of their first appearance. Values are kept by its owner, in arrays of the same order. Not thread-safe.</summary>
internal abstract class KeyIndex<TKey> : IDisposable
{
    private protected KeyIndex()
    {
    }

    /// <summary>Distinct keys so far.</summary>
    public int Count { get; private protected set; }

    /// <summary>The keys, by number. Valid until the next call.</summary>
    public abstract ReadOnlySpan<TKey> Keys { get; }

    /// <summary>The stable hashes of the keys, by number. Valid until the next call.</summary>
    public abstract ReadOnlySpan<ulong> Hashes { get; }

    /// <summary>Memory of the index itself, without what keys refer to, once another batch of new keys is added.</summary>
    public abstract long BytesWithBatch { get; }

    /// <summary>An empty index, specialised for the key type.</summary>
    public static KeyIndex<TKey> Create()
    {
        if (typeof(TKey) == typeof(string))
        {
            return (KeyIndex<TKey>)(object)new KeyIndex<string, StringKeys>();
        }

        if (typeof(TKey) == typeof(Utf8Text))
        {
            return (KeyIndex<TKey>)(object)new Utf8KeyIndex();
        }

        return NumberTable<TKey, int>.IsSupported ? new NumberKeyIndex<TKey>() : new KeyIndex<TKey, AnyKeys<TKey>>();
    }

    /// <summary>
    /// As <see cref="Create"/>, for keys that are only compared in this process: takes also those that have no stable hash, and <see cref="Hashes"/> are not stable.
    /// </summary>
    public static KeyIndex<TKey> CreateLocal() =>
        typeof(TKey) == typeof(string) || typeof(TKey) == typeof(Utf8Text) || NumberTable<TKey, int>.IsSupported
            ? Create()
            : new KeyIndex<TKey, LocalKeys<TKey>>();

    /// <summary>Finds the number of each key; new keys get the next numbers.</summary>
    /// <param name="keys">At most <see cref="BatchReader.Capacity"/>.</param>
    /// <param name="numbers">At least as long.</param>
    public abstract void Locate(ReadOnlySpan<TKey> keys, Span<int> numbers);

    /// <summary>As <see cref="Locate"/>, adding nothing: the number of a key that is not there is -1.</summary>
    public abstract void Find(ReadOnlySpan<TKey> keys, Span<int> numbers);

    /// <summary>Lists all numbers, ascending by key if the index knows that order without sorting; else in their own order.</summary>
    public virtual void ListNumbers(Span<int> numbers) => KeyOrder.Number(numbers);

    /// <summary>Forgets all keys and keeps the memory.</summary>
    public abstract void Clear();

    /// <summary>Returns the memory.</summary>
    public abstract void Dispose();
}

/// <summary>How keys of one type are hashed and compared. A struct, so that the table's loops are compiled for it.</summary>
internal interface IKeyOperations<TKey>
{
    static abstract bool AreEqual(TKey left, TKey right);

    static abstract void Hash(ReadOnlySpan<TKey> keys, Span<ulong> hashes);
}

/// <summary>Strings.</summary>
internal readonly struct StringKeys : IKeyOperations<string>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreEqual(string left, string right) => string.Equals(left, right);

    public static void Hash(ReadOnlySpan<string> keys, Span<ulong> hashes)
    {
        hashes = hashes[..keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            hashes[i] = StableHash.OfString(keys[i]);
        }
    }
}

/// <summary>All other keys.</summary>
internal readonly struct AnyKeys<TKey> : IKeyOperations<TKey>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreEqual(TKey left, TKey right) => EqualityComparer<TKey>.Default.Equals(left, right);

    public static void Hash(ReadOnlySpan<TKey> keys, Span<ulong> hashes) => StableHasher<TKey>.Default.Hash(keys, hashes);
}

/// <summary>Keys of any type, by the hash that they have in this process.</summary>
internal readonly struct LocalKeys<TKey> : IKeyOperations<TKey>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreEqual(TKey left, TKey right) => EqualityComparer<TKey>.Default.Equals(left, right);

    public static void Hash(ReadOnlySpan<TKey> keys, Span<ulong> hashes)
    {
        hashes = hashes[..keys.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            hashes[i] = keys[i] is { } key ? StableHash.OfInteger(EqualityComparer<TKey>.Default.GetHashCode(key)) : StableHash.OfNull;
        }
    }
}

/// <summary>
/// Open addressing with linear probing. A slot holds the upper half of the key's hash and the key's number plus 1, so that a key is looked at only if
/// 32 bits of its hash agree, and a batch of slots is fetched from memory at once.
/// </summary>
internal sealed class KeyIndex<TKey, TOperations> : KeyIndex<TKey>
    where TOperations : struct, IKeyOperations<TKey>
{
    private const int SmallestSlots = 1024;

    // Below this, the slots stay in the processor's cache and need not be fetched ahead.
    private const int FetchAheadSlots = 1 << 14;

    // What is fetched for so many keys stays in the innermost cache until it is used.
    private const int FetchAheadKeys = 128;

    private readonly ulong[] _batchHashes = new ulong[BatchReader.Capacity];
    private ulong[] _slots = [];
    private ulong[] _hashes = [];
    private TKey[] _keys = [];
    private int _shift;
    private int _slotCount;

    public override ReadOnlySpan<TKey> Keys => _keys.AsSpan(0, Count);

    public override ReadOnlySpan<ulong> Hashes => _hashes.AsSpan(0, Count);

    public override long BytesWithBatch
    {
        get
        {
            var needed = Count + BatchReader.Capacity;
            var capacity = needed > Math.Min(_keys.Length, _hashes.Length) ? CapacityFor(needed) : _keys.Length;
            var slotCount = needed > MaxKeys(_slotCount) ? SlotsFor(needed) : _slotCount;
            return (slotCount * (long)sizeof(ulong)) + (capacity * (long)(sizeof(ulong) + Unsafe.SizeOf<TKey>()));
        }
    }

    public override void Locate(ReadOnlySpan<TKey> keys, Span<int> numbers)
    {
        Reserve(keys.Length);
        var known = Count;
        var hashes = _batchHashes.AsSpan(0, keys.Length);
        TOperations.Hash(keys, hashes);
        for (var start = 0; start < keys.Length; start += FetchAheadKeys)
        {
            var end = Math.Min(start + FetchAheadKeys, keys.Length);
            if (_slotCount >= FetchAheadSlots)
            {
                FetchAhead(hashes[start..end]);
            }

            for (var i = start; i < end; i++)
            {
                numbers[i] = Locate(keys[i], hashes[i]);
            }
        }

        BorrowedBytes<TKey>.KeepAll(_keys.AsSpan(known..Count));
    }

    public override void Find(ReadOnlySpan<TKey> keys, Span<int> numbers)
    {
        if (Count == 0)
        {
            numbers[..keys.Length].Fill(-1);
            return;
        }

        var hashes = _batchHashes.AsSpan(0, keys.Length);
        TOperations.Hash(keys, hashes);
        for (var start = 0; start < keys.Length; start += FetchAheadKeys)
        {
            var end = Math.Min(start + FetchAheadKeys, keys.Length);
            if (_slotCount >= FetchAheadSlots)
            {
                FetchAhead(hashes[start..end]);
            }

            for (var i = start; i < end; i++)
            {
                numbers[i] = Find(keys[i], hashes[i]);
            }
        }
    }

    public override void Clear()
    {
        Array.Clear(_slots, 0, _slotCount);
        ClearKeys();
        Count = 0;
    }

    public override void Dispose()
    {
        ClearKeys();
        Return(ref _slots);
        Return(ref _hashes);
        Return(ref _keys);
        Count = 0;
        _slotCount = 0;
    }

    private int Locate(TKey key, ulong hash)
    {
        var slots = _slots;
        var mask = _slotCount - 1;
        for (var position = PositionOf(hash); ; position = (position + 1) & mask)
        {
            var slot = slots[position];
            if (slot == 0)
            {
                return Add(key, hash, position);
            }

            var number = (int)(uint)slot - 1;
            if ((slot ^ hash) >> 32 == 0 && TOperations.AreEqual(_keys[number], key))
            {
                return number;
            }
        }
    }

    private int Find(TKey key, ulong hash)
    {
        var slots = _slots;
        var mask = _slotCount - 1;
        for (var position = PositionOf(hash); slots[position] is not 0 and var slot; position = (position + 1) & mask)
        {
            var number = (int)(uint)slot - 1;
            if ((slot ^ hash) >> 32 == 0 && TOperations.AreEqual(_keys[number], key))
            {
                return number;
            }
        }

        return -1;
    }

    // A reducer's keys may all agree in the bits that chose their partition, so the position is made of all bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int PositionOf(ulong hash) => (int)((hash * 0x9E37_79B9_7F4A_7C15) >> _shift);

    private int Add(TKey key, ulong hash, int position)
    {
        var number = Count++;
        _keys[number] = key;
        _hashes[number] = hash;
        _slots[position] = (hash & 0xFFFF_FFFF_0000_0000) | (uint)(number + 1);
        return number;
    }

    // A lookup goes from the slot to the key and, for reference types, on to the object. Each step is taken for many keys before the next one, so that their
    // waits for memory overlap. Addresses are only hints: if an array or an object moves meanwhile, a wrong line is fetched and nothing else happens.
    private unsafe void FetchAhead(ReadOnlySpan<ulong> hashes)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        ref var slots = ref MemoryMarshal.GetArrayDataReference(_slots);
        foreach (var hash in hashes)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref slots, PositionOf(hash))));
        }

        ref var keys = ref MemoryMarshal.GetArrayDataReference(_keys);
        foreach (var hash in hashes)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref KeyOf(ref keys, Unsafe.Add(ref slots, PositionOf(hash)))));
        }

        if (!typeof(TKey).IsValueType)
        {
            foreach (var hash in hashes)
            {
                Sse.Prefetch0((void*)Unsafe.As<TKey, nint>(ref KeyOf(ref keys, Unsafe.Add(ref slots, PositionOf(hash)))));
            }
        }
    }

    // Slots count keys from 1. Those without a key stand for the first one here, which saves a branch.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref TKey KeyOf(ref TKey keys, ulong slot) => ref Unsafe.Add(ref keys, (nint)Math.Max((uint)slot, 1) - 1);

    // Makes room for as many new keys as a batch has, so that adding one never has to.
    private void Reserve(int newKeys)
    {
        var needed = Count + newKeys;
        if (needed > Math.Min(_keys.Length, _hashes.Length))
        {
            Grow(ref _keys, CapacityFor(needed));
            Grow(ref _hashes, CapacityFor(needed));
        }

        if (needed > MaxKeys(_slotCount))
        {
            GrowSlots(needed);
        }
    }

    // Rented arrays have lengths of powers of two.
    private static int CapacityFor(int needed) => (int)Math.Min(BitOperations.RoundUpToPowerOf2((uint)needed), (uint)Array.MaxLength);

    // At most two slots in three are used.
    private static int MaxKeys(int slotCount) => slotCount / 3 * 2;

    private static int SlotsFor(int needed) => (int)Math.Min(BitOperations.RoundUpToPowerOf2((ulong)Math.Max(SmallestSlots, (needed * 3L / 2) + 3)), 1UL << 30);

    private void GrowSlots(int needed)
    {
        var slotCount = SlotsFor(needed);
        Return(ref _slots);
        _slots = ArrayPool<ulong>.Shared.Rent(slotCount);
        Array.Clear(_slots, 0, slotCount);
        _slotCount = slotCount;
        _shift = 64 - BitOperations.Log2((uint)slotCount);
        var mask = slotCount - 1;
        for (var number = 0; number < Count; number++)
        {
            var hash = _hashes[number];
            var position = PositionOf(hash);
            while (_slots[position] != 0)
            {
                position = (position + 1) & mask;
            }

            _slots[position] = (hash & 0xFFFF_FFFF_0000_0000) | (uint)(number + 1);
        }
    }

    private void Grow<T>(ref T[] array, int capacity)
    {
        var larger = ArrayPool<T>.Shared.Rent(capacity);
        array.AsSpan(0, Count).CopyTo(larger);
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        {
            array.AsSpan(0, Count).Clear();
        }

        Return(ref array);
        array = larger;
    }

    private void ClearKeys()
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<TKey>())
        {
            _keys.AsSpan(0, Count).Clear();
        }
    }

    private static void Return<T>(ref T[] array)
    {
        if (array.Length > 0)
        {
            ArrayPool<T>.Shared.Return(array);
        }

        array = [];
    }
}
