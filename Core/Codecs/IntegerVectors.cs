using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Codecs;

/// <summary>
/// The loops of <see cref="IntegerColumn"/> over many numbers, with the widest vectors that <see cref="Vector{T}"/> has on the machine. The last block of a loop overlaps the one before, so
/// nothing is left for a loop over single numbers. They cannot be compiled with the build, so they are for columns for which that is worth it.
/// </summary>
internal static class IntegerVectors
{
    /// <summary>The least and the greatest number.</summary>
    /// <typeparam name="T">Of 32 or 64 bits.</typeparam>
    /// <param name="values">At least two vectors.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (T Least, T Greatest) Bounds<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ref var first = ref MemoryMarshal.GetReference(values);
        var next = (nuint)Vector<T>.Count;
        var last = (nuint)values.Length - (2 * next);

        // Two of each, so that the next vectors need not wait for those before.
        var (least, otherLeast) = (Vector.LoadUnsafe(ref first, last), Vector.LoadUnsafe(ref first, last + next));
        var (greatest, otherGreatest) = (least, otherLeast);
        for (nuint i = 0; i < last; i += 2 * next)
        {
            var (some, others) = (Vector.LoadUnsafe(ref first, i), Vector.LoadUnsafe(ref first, i + next));
            (least, otherLeast) = (Vector.Min(least, some), Vector.Min(otherLeast, others));
            (greatest, otherGreatest) = (Vector.Max(greatest, some), Vector.Max(otherGreatest, others));
        }

        (least, greatest) = (Vector.Min(least, otherLeast), Vector.Max(greatest, otherGreatest));
        var (leastOfAll, greatestOfAll) = (least[0], greatest[0]);
        for (var i = 1; i < Vector<T>.Count; i++)
        {
            leastOfAll = Comparer<T>.Default.Compare(least[i], leastOfAll) < 0 ? least[i] : leastOfAll;
            greatestOfAll = Comparer<T>.Default.Compare(greatest[i], greatestOfAll) > 0 ? greatest[i] : greatestOfAll;
        }

        return (leastOfAll, greatestOfAll);
    }

    /// <summary>Writes how far each number is above another one, by its lowest bytes.</summary>
    /// <typeparam name="T">Of 32 or 64 bits.</typeparam>
    /// <typeparam name="TDistance"><see cref="byte"/>, <see cref="ushort"/> or <see cref="uint"/>, shorter than <typeparamref name="T"/>.</typeparam>
    /// <param name="values">At least as many as there are bytes in a vector.</param>
    /// <param name="distances">As many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Narrow<T, TDistance>(ReadOnlySpan<T> values, T start, Span<TDistance> distances)
        where T : unmanaged
        where TDistance : unmanaged
    {
        ref var source = ref MemoryMarshal.GetReference(values);
        ref var target = ref MemoryMarshal.GetReference(distances[..values.Length]);
        var starts = new Vector<T>(start);
        var last = (nuint)(values.Length - Vector<TDistance>.Count);
        for (nuint i = 0; i < last; i += (nuint)Vector<TDistance>.Count)
        {
            NarrowOf<T, TDistance>(ref source, i, starts).StoreUnsafe(ref target, i);
        }

        NarrowOf<T, TDistance>(ref source, last, starts).StoreUnsafe(ref target, last);
    }

    /// <summary>Reads what <see cref="Narrow"/> wrote.</summary>
    /// <typeparam name="TDistance">As there.</typeparam>
    /// <typeparam name="T">As there.</typeparam>
    /// <param name="distances">At least as many as there are bytes in a vector.</param>
    /// <param name="values">As many.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Widen<TDistance, T>(ReadOnlySpan<TDistance> distances, T start, Span<T> values)
        where TDistance : unmanaged
        where T : unmanaged
    {
        ref var source = ref MemoryMarshal.GetReference(distances);
        ref var target = ref MemoryMarshal.GetReference(values[..distances.Length]);
        var starts = new Vector<T>(start);
        var last = (nuint)(values.Length - Vector<TDistance>.Count);
        for (nuint i = 0; i < last; i += (nuint)Vector<TDistance>.Count)
        {
            StoreWide(Vector.LoadUnsafe(ref source, i), starts, ref target, i);
        }

        StoreWide(Vector.LoadUnsafe(ref source, last), starts, ref target, last);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<TDistance> NarrowOf<T, TDistance>(ref T source, nuint offset, Vector<T> starts) => Unsafe.SizeOf<T>() == sizeof(ulong)
        ? NarrowOf<TDistance>(ref Unsafe.As<T, ulong>(ref source), offset, Vector.As<T, ulong>(starts))
        : NarrowOf<TDistance>(ref Unsafe.As<T, uint>(ref source), offset, Vector.As<T, uint>(starts));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<TDistance> NarrowOf<TDistance>(ref ulong source, nuint offset, Vector<ulong> starts) => Unsafe.SizeOf<TDistance>() switch
    {
        sizeof(byte) => Vector.As<byte, TDistance>(Bytes(ref source, offset, starts)),
        sizeof(ushort) => Vector.As<ushort, TDistance>(Shorts(ref source, offset, starts)),
        _ => Vector.As<uint, TDistance>(Integers(ref source, offset, starts)),
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<TDistance> NarrowOf<TDistance>(ref uint source, nuint offset, Vector<uint> starts) => Unsafe.SizeOf<TDistance>() == sizeof(byte)
        ? Vector.As<byte, TDistance>(Vector.Narrow(Shorts(ref source, offset, starts), Shorts(ref source, offset + (nuint)Vector<ushort>.Count, starts)))
        : Vector.As<ushort, TDistance>(Shorts(ref source, offset, starts));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<uint> Integers(ref ulong source, nuint offset, Vector<ulong> starts) =>
        Vector.Narrow(Vector.LoadUnsafe(ref source, offset) - starts, Vector.LoadUnsafe(ref source, offset + (nuint)Vector<ulong>.Count) - starts);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<ushort> Shorts(ref ulong source, nuint offset, Vector<ulong> starts) =>
        Vector.Narrow(Integers(ref source, offset, starts), Integers(ref source, offset + (nuint)Vector<uint>.Count, starts));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<ushort> Shorts(ref uint source, nuint offset, Vector<uint> starts) =>
        Vector.Narrow(Vector.LoadUnsafe(ref source, offset) - starts, Vector.LoadUnsafe(ref source, offset + (nuint)Vector<uint>.Count) - starts);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<byte> Bytes(ref ulong source, nuint offset, Vector<ulong> starts) =>
        Vector.Narrow(Shorts(ref source, offset, starts), Shorts(ref source, offset + (nuint)Vector<ushort>.Count, starts));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreWide<TDistance, T>(Vector<TDistance> distances, Vector<T> starts, ref T target, nuint offset)
    {
        if (Unsafe.SizeOf<TDistance>() == sizeof(byte))
        {
            Vector.Widen(Vector.As<TDistance, byte>(distances), out var low, out var high);
            StoreWide(low, starts, ref target, offset);
            StoreWide(high, starts, ref target, offset + (nuint)Vector<ushort>.Count);
        }
        else if (Unsafe.SizeOf<TDistance>() == sizeof(uint))
        {
            Vector.Widen(Vector.As<TDistance, uint>(distances), out var low, out var high);
            (Vector.As<ulong, T>(low) + starts).StoreUnsafe(ref target, offset);
            (Vector.As<ulong, T>(high) + starts).StoreUnsafe(ref target, offset + (nuint)Vector<ulong>.Count);
        }
        else
        {
            Vector.Widen(Vector.As<TDistance, ushort>(distances), out var low, out var high);
            if (Unsafe.SizeOf<T>() == sizeof(ulong))
            {
                StoreWide(low, starts, ref target, offset);
                StoreWide(high, starts, ref target, offset + (nuint)Vector<uint>.Count);
            }
            else
            {
                (Vector.As<uint, T>(low) + starts).StoreUnsafe(ref target, offset);
                (Vector.As<uint, T>(high) + starts).StoreUnsafe(ref target, offset + (nuint)Vector<uint>.Count);
            }
        }
    }
}
