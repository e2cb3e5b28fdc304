using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Dpark.Partitioning;

/// <summary>
/// 64-bit hashes of keys that are the same in every process, on every machine and in every version of this library: partitions, spill runs and
/// <c>docs/formats/shuffle-file.md</c> depend on them, so they never change. Keys that <see cref="EqualityComparer{T}.Default"/> calls equal have equal hashes.
/// Not made to withstand an attacker who chooses the keys.
/// </summary>
/// <remarks>
/// <para>All numbers are little-endian, arithmetic wraps around. <c>fold(a, b)</c> is the 128-bit product of <c>a</c> and <c>b</c>, its upper half xor its lower
/// half xor <c>a</c> xor <c>b</c>; the operands are kept so that a zero does not wipe out the other one.</para>
/// <para>Integers, <c>char</c>, <c>bool</c>, enums and times are widened to 64 bits (times as ticks, days for <see cref="DateOnly"/>; <see cref="DateTimeOffset"/>
/// in UTC): <c>fold(fold(v ^ C0, C1), C2)</c>. Floating-point numbers are widened to <c>double</c>, with one zero and one NaN, and hashed as their bits.</para>
/// <para>Bytes: <see cref="OfBytes"/>. A string is the bytes of its UTF-16 characters; a <see cref="Guid"/>, an <see cref="Int128"/> and a <see cref="decimal"/>
/// without zeros at its end are their 16 bytes in memory.</para>
/// <para>Tuples, records and structs: <c>h = C0 ^ n</c> for <c>n</c> members, then <c>h = fold(h ^ C1, m ^ C2)</c> for the hash <c>m</c> of each member. Null is C3.
/// </para>
/// </remarks>
public static partial class StableHash
{
    // The fractional parts of the square roots of 2, 3, 5 and 7, made odd.
    private const ulong C0 = 0x6A09_E667_F3BC_C909;
    private const ulong C1 = 0xBB67_AE85_84CA_A73B;
    private const ulong C2 = 0x3C6E_F372_FE94_F82B;
    private const ulong C3 = 0xA54F_F53A_5F1D_36F1;

    /// <summary>The hash of null, as a member or as a key.</summary>
    internal const ulong OfNull = C3;

    /// <summary>The hash of one key.</summary>
    /// <exception cref="UnsupportedKeyTypeException">Keys of this type have no stable hash.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of<T>(T value)
    {
        if (typeof(T) == typeof(long))
        {
            return OfInteger((long)(object)value!);
        }

        return typeof(T) == typeof(int) ? OfInteger((int)(object)value!) : StableHasher<T>.Default.Hash(value);
    }

    /// <summary>Does nothing if keys of the type can be hashed.</summary>
    /// <exception cref="UnsupportedKeyTypeException">They cannot; the message names the path to the reason.</exception>
    public static void EnsureSupported<T>() => _ = StableHasher<T>.Default;

    /// <summary>The hash of bytes.</summary>
    /// <remarks>
    /// <c>h = n ^ C0</c> for <c>n</c> bytes. While more than 16 are left, <c>h = fold(w0 ^ C1, w1 ^ h)</c> for the next two words of 8. Then <c>a</c> and <c>b</c>
    /// are the last 16 bytes if there were more than 16; else the first and the last 8 if there are 8; else the first and the last 4 if there are 4; else
    /// <c>a</c> is the first byte, the middle one (index n / 2) shifted by 8 and the last one shifted by 16, and <c>b</c> is 0 (both 0 if there are none).
    /// The result is <c>fold(fold(a ^ C1, b ^ h) ^ C2, n ^ C3)</c>.
    /// </remarks>
    public static ulong OfBytes(ReadOnlySpan<byte> bytes)
    {
        ref var start = ref MemoryMarshal.GetReference(bytes);
        var count = (nuint)bytes.Length;
        var hash = StartBytes(bytes.Length);
        ulong a;
        ulong b;
        if (count > 16)
        {
            nuint offset = 0;
            for (; count - offset > 16; offset += 16)
            {
                hash = Step(Read64(ref start, offset), Read64(ref start, offset + 8), hash);
            }

            a = Read64(ref start, count - 16);
            b = Read64(ref start, count - 8);
        }
        else if (count >= 8)
        {
            a = Read64(ref start, 0);
            b = Read64(ref start, count - 8);
        }
        else if (count >= 4)
        {
            a = Read32(ref start, 0);
            b = Read32(ref start, count - 4);
        }
        else
        {
            a = count == 0 ? 0 : start | ((ulong)Unsafe.Add(ref start, count >> 1) << 8) | ((ulong)Unsafe.Add(ref start, count - 1) << 16);
            b = 0;
        }

        return Finish(a, b, hash, bytes.Length);
    }

    /// <summary>What <see cref="OfBytes"/> does before the first byte, for those who have the bytes in another form.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong StartBytes(int count) => (ulong)count ^ C0;

    /// <summary>What <see cref="OfBytes"/> does with the next sixteen bytes while there are more than that.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Step(ulong first, ulong second, ulong hash) => Fold(first ^ C1, second ^ hash);

    /// <summary>What <see cref="OfBytes"/> does with the last two words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Finish(ulong a, ulong b, ulong hash, int count) => Fold(Fold(a ^ C1, b ^ hash) ^ C2, (ulong)count ^ C3);

    /// <summary>The hash of a string: of the bytes of its UTF-16 characters.</summary>
    internal static ulong OfString(string? value) => value is null ? OfNull : OfBytes(MemoryMarshal.AsBytes(value.AsSpan()));

    /// <summary>The hash of a number or of what is stored as one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong OfInteger(long value) => Fold(Fold((ulong)value ^ C0, C1), C2);

    /// <summary>The hash of a floating-point number: one for both zeros, one for all NaNs.</summary>
    internal static ulong OfFloat(double value) =>
        OfInteger(BitConverter.DoubleToInt64Bits(value == 0 ? 0 : double.IsNaN(value) ? double.NaN : value));

    /// <summary>The start of the hash of something with members.</summary>
    internal static ulong Start(int memberCount) => C0 ^ (ulong)memberCount;

    /// <summary>Adds the hash of the next member.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Combine(ulong hash, ulong member) => Fold(hash ^ C1, member ^ C2);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Fold(ulong a, ulong b)
    {
        // Two multiplications, because the one that gives both halves gives one of them by way of memory.
        var high = Bmi2.X64.IsSupported ? Bmi2.X64.MultiplyNoFlags(a, b) : Math.BigMul(a, b, out _);
        return high ^ (a * b) ^ a ^ b;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Read64(ref byte start, nuint offset)
    {
        var value = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, offset));
        return BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Read32(ref byte start, nuint offset)
    {
        var value = Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref start, offset));
        return BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);
    }
}
