using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Dpark.Shuffle;

/// <summary>
/// Places of sums, a value and a bit each, of which those without a bit may have been added to: they begin with a value that changes nothing when it is added to
/// (<see cref="Addition{TCombined, TValue}.OrNothing"/>), and whatever else is there is a sum.
/// </summary>
internal static unsafe class SumPlaces
{
    private const int BitsPerWord = 64;
    private const int PairHalves = 2;

    /// <summary>Whether each place to which some numbers are added is known by its value to have a sum; <see langword="false"/> if that would take longer to find out than to look.</summary>
    /// <remarks>A sum of floating point is -0 only if all its numbers are. One of whole numbers may be 0 whatever they are.</remarks>
    public static bool IsSumOf<TKey, TNumber>(ReadOnlySpan<(TKey Key, TNumber Value)> pairs)
    {
        if (typeof(TNumber) != typeof(double) || !Vector256.IsHardwareAccelerated || Unsafe.SizeOf<(TKey, TNumber)>() != PairHalves * sizeof(long) || pairs.IsEmpty)
        {
            return false;
        }

        // The runtime lays pairs out as it likes.
        ref var first = ref MemoryMarshal.GetReference(pairs);
        ref var half = ref Unsafe.As<(TKey Key, TNumber Value), long>(ref first);
        var numberHalf = (int)Unsafe.ByteOffset(ref half, ref Unsafe.As<TNumber, long>(ref first.Value)) / sizeof(long);
        return !HasNegativeZero(MemoryMarshal.CreateReadOnlySpan(ref half, PairHalves * pairs.Length), numberHalf);
    }

    /// <summary>Makes unused places ready to be added to.</summary>
    /// <param name="start">The first of them, a multiple of 64.</param>
    /// <param name="end">Behind the last of them.</param>
    /// <param name="nothing">What each begins with.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill<TValue>(byte* values, ulong* used, int start, int end, TValue nothing)
    {
        for (var place = start; place < end; place += BitsPerWord)
        {
            var word = used[place / BitsPerWord];
            var some = MemoryMarshal.CreateSpan(
                ref Unsafe.As<byte, TValue>(ref values[(nint)place * Unsafe.SizeOf<TValue>()]), Math.Min(BitsPerWord, end - place));
            if (word == 0)
            {
                some.Fill(nothing);
                continue;
            }

            for (var i = 0; i < some.Length; i++)
            {
                if ((word & (1UL << i)) == 0)
                {
                    some[i] = nothing;
                }
            }
        }
    }

    /// <summary>Sets the bit of each place that has a sum.</summary>
    /// <param name="end">Behind the last of the places, which begin at 0.</param>
    public static void Mark<TValue>(byte* values, ulong* used, int end)
    {
        if (Unsafe.SizeOf<TValue>() == sizeof(ulong))
        {
            Mark((ulong*)values, used, end, typeof(TValue) == typeof(double) ? 1UL << 63 : 0);
        }
        else
        {
            Mark((uint*)values, used, end, typeof(TValue) == typeof(float) ? 1U << 31 : 0);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool HasNegativeZero(ReadOnlySpan<long> halves, int numberHalf)
    {
        var found = Vector256<long>.Zero;
        var i = 0;
        for (; i <= halves.Length - Vector256<long>.Count; i += Vector256<long>.Count)
        {
            found |= Vector256.Equals(Vector256.Create(halves[i..]), Vector256.Create(long.MinValue));
        }

        // What was found among the keys does not matter.
        return (found[numberHalf] | found[numberHalf + PairHalves]) != 0 || (i < halves.Length && halves[i + numberHalf] == long.MinValue);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mark<TBits>(TBits* values, ulong* used, int end, TBits nothing)
        where TBits : unmanaged
    {
        var all = Vector256.Create(nothing);
        var place = 0;
        for (; place <= end - BitsPerWord; place += BitsPerWord)
        {
            var unused = 0UL;
            for (var i = 0; i < BitsPerWord; i += Vector256<TBits>.Count)
            {
                unused |= (ulong)Vector256.Equals(Vector256.Load(values + place + i), all).ExtractMostSignificantBits() << i;
            }

            used[place / BitsPerWord] |= ~unused;
        }

        for (; place < end; place++)
        {
            if (!EqualityComparer<TBits>.Default.Equals(values[place], nothing))
            {
                used[place / BitsPerWord] |= 1UL << place;
            }
        }
    }
}
