using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Dpark.Baselines;

/// <summary>A hash table of numbers by hand: open addressing, key and value side by side, in memory that the collector never moves, on large pages where the system has them.</summary>
internal sealed unsafe partial class LongTable : IDisposable
{
    private const nuint HugePageBytes = 2 << 20;
    private const int HugePages = 14;

    private readonly Entry* _entries;
    private readonly int _shift;
    private readonly int _mask;

    /// <param name="capacity">Most keys.</param>
    public LongTable(int capacity)
    {
        var slotCount = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(capacity / 2 * 3, 16));
        _shift = 64 - BitOperations.Log2((uint)slotCount);
        _mask = slotCount - 1;
        var bytes = (nuint)slotCount * (nuint)sizeof(Entry);
        _entries = (Entry*)NativeMemory.AlignedAlloc(bytes, HugePageBytes);
        if (OperatingSystem.IsLinux())
        {
            _ = Advise(_entries, bytes, HugePages);
        }

        NativeMemory.Clear(_entries, bytes);
    }

    /// <summary>Slots, used or not.</summary>
    public int SlotCount => _mask + 1;

    /// <summary>Fetches what <see cref="ValueOf"/> will look at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void FetchAhead(long key)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(_entries + PositionOf(key));
        }
    }

    /// <summary>The value of a key, which is 0 if it is new.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref long ValueOf(long key)
    {
        // Free slots have key 0, so keys are kept plus 1.
        var stored = key + 1;
        for (var position = PositionOf(key); ; position = (position + 1) & _mask)
        {
            var entry = _entries + position;
            if (entry->Key == stored)
            {
                return ref entry->Value;
            }

            if (entry->Key == 0)
            {
                entry->Key = stored;
                return ref entry->Value;
            }
        }
    }

    /// <summary>Finds the value of a key.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGet(long key, out long value)
    {
        var stored = key + 1;
        for (var position = PositionOf(key); ; position = (position + 1) & _mask)
        {
            var entry = _entries + position;
            if (entry->Key == stored)
            {
                value = entry->Value;
                return true;
            }

            if (entry->Key == 0)
            {
                value = 0;
                return false;
            }
        }
    }

    /// <summary>The pair in a slot.</summary>
    /// <returns><see langword="false"/> if it is free.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryGetSlot(int position, out long key, out long value)
    {
        key = _entries[position].Key - 1;
        value = _entries[position].Value;
        return key >= 0;
    }

    public void Dispose() => NativeMemory.AlignedFree(_entries);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int PositionOf(long key) => (int)(((ulong)key * 0x9E37_79B9_7F4A_7C15) >> _shift);

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(void* address, nuint length, int advice);

    private struct Entry
    {
        public long Key;
        public long Value;
    }
}
