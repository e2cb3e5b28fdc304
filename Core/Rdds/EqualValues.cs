using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Dpark.Rdds;

/// <summary>Writes pairs of keys with one value. Lists are short and of all lengths: a loop per list costs as much for its end, which no processor foresees, as for all of its pairs.</summary>
internal static class EqualValues
{
    private const int BlockLength = 4;

    // Written in four blocks by the same instructions for each length from that of a block to this one.
    private const int ShortLength = 4 * BlockLength;

    /// <summary>Adds a pair of each key with the value.</summary>
    /// <remarks>A call of its own, with nothing to do behind it in its caller: the function of a user that only adds pairs jumps here.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add<TKey, TValue>(Emitter<(TKey Key, TValue Value)> emitter, ReadOnlySpan<TKey> keys, TValue value)
    {
        if (keys.Length >= BlockLength && !RuntimeHelpers.IsReferenceOrContainsReferences<(TKey, TValue)>())
        {
            Write(ref MemoryMarshal.GetReference(keys), keys.Length, value, ref emitter.Reserve(keys.Length));
            return;
        }

        foreach (var key in keys)
        {
            emitter.Add((key, value));
        }
    }

    // Of at least BlockLength keys.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write<TKey, TValue>(ref TKey keys, int count, TValue value, ref (TKey, TValue) pairs)
    {
        var start = 0;
        for (; start < count - ShortLength; start += BlockLength)
        {
            WriteBlock(ref keys, start, value, ref pairs);
        }

        // Blocks overlap where what is left is shorter: a pair that is written twice costs less than a branch.
        var last = count - BlockLength;
        WriteBlock(ref keys, start, value, ref pairs);
        WriteBlock(ref keys, Math.Min(start + BlockLength, last), value, ref pairs);
        WriteBlock(ref keys, Math.Min(start + (2 * BlockLength), last), value, ref pairs);
        WriteBlock(ref keys, last, value, ref pairs);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteBlock<TKey, TValue>(ref TKey keys, int start, TValue value, ref (TKey, TValue) pairs)
    {
        ref var key = ref Unsafe.Add(ref keys, start);
        ref var pair = ref Unsafe.Add(ref pairs, start);
        if (Avx.IsSupported && IsTwoWords(ref pair))
        {
            WriteBlock(ref Unsafe.As<TKey, double>(ref key), Unsafe.BitCast<TValue, double>(value), ref Unsafe.As<(TKey, TValue), double>(ref pair));
            return;
        }

        pair = (key, value);
        Unsafe.Add(ref pair, 1) = (Unsafe.Add(ref key, 1), value);
        Unsafe.Add(ref pair, 2) = (Unsafe.Add(ref key, 2), value);
        Unsafe.Add(ref pair, 3) = (Unsafe.Add(ref key, 3), value);
    }

    // What is in the words is only moved, whatever its type.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void WriteBlock(ref double key, double value, ref double pair)
    {
        var keys = Vector256.LoadUnsafe(ref key);
        var values = Vector256.Create(value);
        var even = Avx.UnpackLow(keys, values);
        var odd = Avx.UnpackHigh(keys, values);
        Avx.Permute2x128(even, odd, 0x20).StoreUnsafe(ref pair);
        Avx.Permute2x128(even, odd, 0x31).StoreUnsafe(ref pair, (nuint)Vector256<double>.Count);
    }

    // The runtime may lay tuples out in another order than they are written in.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsTwoWords<TKey, TValue>(ref (TKey, TValue) pair) =>
        Unsafe.SizeOf<TKey>() == sizeof(double) && Unsafe.SizeOf<TValue>() == sizeof(double) && Unsafe.SizeOf<(TKey, TValue)>() == 2 * sizeof(double)
        && Unsafe.AreSame(ref Unsafe.As<(TKey, TValue), byte>(ref pair), ref Unsafe.As<TKey, byte>(ref pair.Item1));
}
