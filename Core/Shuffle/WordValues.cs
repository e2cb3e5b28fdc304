using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Dpark.Shuffle;

/// <summary>
/// Values of the places of a word of bits, which on one side lie together in ascending order of places and on the other one where their places are; eight at a time. Of which places there
/// is a value is as good as random where keys are spread by a hash, so a bit at a time waits for each.
/// </summary>
internal static unsafe class WordValues
{
    private const int Lanes = 8;

    /// <summary>Whether this processor can do it for numbers of such a type.</summary>
    public static bool IsSupported<T>() => Avx512F.IsSupported && (typeof(T) == typeof(double) || typeof(T) == typeof(long) || typeof(T) == typeof(ulong));

    /// <summary>Adds to the values at some places; see <see cref="Addition{TCombined, TValue}"/>.</summary>
    /// <param name="word">A bit per place, that of the first one lowest.</param>
    /// <param name="old">Those with a value before; the others begin with what is added. Others than those of <paramref name="word"/> mean nothing.</param>
    /// <param name="places">The first place. Of those without a bit, there need not be memory.</param>
    /// <param name="added">As many values as <paramref name="word"/> has bits.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add<T>(ulong word, ulong old, ulong* places, ulong* added)
    {
        var nothing = Vector512.Create(Unsafe.BitCast<T, ulong>(Addition<T, T>.OrNothing(default!, 0)));
        for (; word != 0; word >>= Lanes, old >>= Lanes, places += Lanes)
        {
            var mask = MaskOf((byte)word);
            var values = Avx512F.ExpandLoad(added, mask, Vector512<ulong>.Zero);
            var sums = Avx512F.MaskLoad(places, MaskOf((byte)old), nothing);
            sums = typeof(T) == typeof(double) ? (sums.AsDouble() + values.AsDouble()).AsUInt64() : sums + values;
            Avx512F.MaskStore(places, mask, sums);
            added += BitOperations.PopCount(word & byte.MaxValue);
        }
    }

    /// <summary>Copies the values of some places.</summary>
    /// <param name="word">See <see cref="Add"/>.</param>
    /// <param name="places">See <see cref="Add"/>.</param>
    /// <param name="values">Memory for as many values as <paramref name="word"/> has bits.</param>
    /// <param name="end">Behind that memory: as far as it is written, with content that means nothing.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Gather(ulong word, ulong* places, ulong* values, ulong* end)
    {
        for (; word != 0; word >>= Lanes, places += Lanes)
        {
            var mask = MaskOf((byte)word);
            var some = Avx512F.Compress(Vector512<ulong>.Zero, mask, Avx512F.MaskLoad(places, mask, Vector512<ulong>.Zero));

            // Some processors take a hundred cycles to store a part of it.
            if (end - values >= Lanes)
            {
                some.Store(values);
            }
            else
            {
                Avx512F.MaskStore(values, MaskOf((byte)((1 << BitOperations.PopCount(word & byte.MaxValue)) - 1)), some);
            }

            values += BitOperations.PopCount(word & byte.MaxValue);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ulong> MaskOf(byte bits)
    {
        var ofLanes = Vector512.Create(1UL, 2, 4, 8, 16, 32, 64, 128);
        return Vector512.Equals(Vector512.Create((ulong)bits) & ofLanes, ofLanes);
    }
}
