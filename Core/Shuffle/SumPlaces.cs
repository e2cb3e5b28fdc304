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

    /// <summary>
    /// Whether each place is known by its value to have a sum, if none of the numbers that are added to it is what unused places begin with. A sum of floating point is -0 only if all its
    /// numbers are; one of whole numbers may be 0 whatever they are.
    /// </summary>
    public static bool TellThemselves<TNumber>() => typeof(TNumber) == typeof(double) || typeof(TNumber) == typeof(float);

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
