using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Codecs;

/// <summary>
/// Integers of 32 or 64 bits: the least one of the column, and how far above it each one is, in 1, 2 or 4 bytes, if that is shorter than their memory. Ids and counts are small numbers in
/// large types most of the time, and what is not written need not be sent, checked and read.
/// </summary>
/// <typeparam name="T"><typeparamref name="TNumber"/>, or an enum of it.</typeparam>
/// <typeparam name="TNumber">What is written.</typeparam>
/// <param name="shape">That of the numbers.</param>
internal sealed class IntegerCodec<T, TNumber>(string shape) : RecordCodec<T>
    where T : unmanaged
    where TNumber : unmanaged
{
    internal override string Shape => shape;

    internal override int MemoryBytes => Unsafe.SizeOf<T>();

    internal override int LeastBits => 8;

    internal override bool IsInline => true;

    public override void Encode(ReadOnlySpan<T> values, RecordBuffer output)
    {
        if (!values.IsEmpty)
        {
            IntegerColumn.Encode(MemoryMarshal.Cast<T, TNumber>(values), output);
        }
    }

    public override void Decode(ref RecordInput input, scoped Span<T> values)
    {
        if (!values.IsEmpty)
        {
            IntegerColumn.Decode(ref input, MemoryMarshal.Cast<T, TNumber>(values));
        }
    }

    internal override int MostBytesOf(ReadOnlySpan<T> values) => values.IsEmpty ? 0 : IntegerColumn.WidthFor(MemoryMarshal.Cast<T, TNumber>(values), out _);

    internal override long HeapBytes(ReadOnlySpan<T> values, int depth) => 0;
}

/// <summary>
/// A column of integers: a byte for the width (1, 2, 4 or 8, at most the bytes of the type). With the full width, their memory follows. With another one, the least number in full, then for each
/// number how far it is above that, unsigned, in as many bytes.
/// </summary>
/// <remarks>For <see cref="int"/>, <see cref="uint"/>, <see cref="long"/> and <see cref="ulong"/>. Without generic mathematics, whose code cannot be compiled with the build.</remarks>
internal static class IntegerColumn
{
    // Fewer are not worth loops that have to be compiled, because they take the widest vectors of the machine.
    private const int LeastVectorized = 256;

    /// <summary>Appends the column.</summary>
    /// <param name="values">At least one.</param>
    public static void Encode<T>(ReadOnlySpan<T> values, RecordBuffer output)
        where T : unmanaged
    {
        var width = WidthFor(values, out var least);
        if (((long)values.Length * width) + Unsafe.SizeOf<T>() >= (long)values.Length * Unsafe.SizeOf<T>())
        {
            output.AppendByte((byte)Unsafe.SizeOf<T>());
            output.Append(MemoryMarshal.AsBytes(values));
            return;
        }

        var column = output.Append(1 + Unsafe.SizeOf<T>() + ((long)values.Length * width));
        column[0] = (byte)width;
        MemoryMarshal.Write(column[1..], in least);
        Narrow(values, least, width, column[(1 + Unsafe.SizeOf<T>())..]);
    }

    /// <summary>Writes how far each value is above another one.</summary>
    /// <param name="least">The least value, or less.</param>
    /// <param name="width">Bytes of each distance: 1, 2 or 4.</param>
    /// <param name="distances">As many bytes as all of them take.</param>
    public static void Narrow<T>(ReadOnlySpan<T> values, T least, int width, Span<byte> distances)
        where T : unmanaged
    {
        switch (width)
        {
            case 1:
                Narrow<T, byte>(values, least, distances);
                break;
            case 2:
                Narrow<T, ushort>(values, least, distances);
                break;
            default:
                Narrow<T, uint>(values, least, distances);
                break;
        }
    }

    /// <summary>Reads the column.</summary>
    /// <param name="values">As many as were written, at least one.</param>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static void Decode<T>(ref RecordInput input, scoped Span<T> values)
        where T : unmanaged
    {
        int width = input.ReadByte();
        if (width == Unsafe.SizeOf<T>())
        {
            input.ReadBytes((long)values.Length * width).CopyTo(MemoryMarshal.AsBytes(values));
            return;
        }

        if (width is not (1 or 2 or 4) || width > Unsafe.SizeOf<T>())
        {
            RecordErrors.ThrowDamaged($"integers of {width} bytes in a column of {Unsafe.SizeOf<T>()}");
        }

        var least = MemoryMarshal.Read<T>(input.ReadBytes(Unsafe.SizeOf<T>()));
        var distances = input.ReadBytes((long)values.Length * width);
        switch (width)
        {
            case 1:
                Widen<byte, T>(distances, least, values);
                break;
            case 2:
                Widen<ushort, T>(distances, least, values);
                break;
            default:
                Widen<uint, T>(distances, least, values);
                break;
        }
    }

    /// <summary>The bytes that the distance of each value from the least one fits into.</summary>
    /// <param name="values">At least one.</param>
    public static int WidthFor<T>(ReadOnlySpan<T> values, out T least)
        where T : unmanaged
    {
        var (leastOrder, greatestOrder) = values.Length < LeastVectorized ? Bounds(values) : VectorBounds(values);
        least = Truncate<T>(leastOrder ^ SignOf<T>());
        return (greatestOrder - leastOrder) switch
        {
            <= byte.MaxValue => 1,
            <= ushort.MaxValue => 2,
            <= uint.MaxValue => 4,
            _ => 8,
        };
    }

    // As OrderOf says them.
    private static (ulong Least, ulong Greatest) Bounds<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var (least, greatest) = (ulong.MaxValue, 0UL);
        foreach (var value in values)
        {
            var order = OrderOf(value);
            least = Math.Min(least, order);
            greatest = Math.Max(greatest, order);
        }

        return (least, greatest);
    }

    private static (ulong Least, ulong Greatest) VectorBounds<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var (least, greatest) = IntegerVectors.Bounds(values);
        return (OrderOf(least), OrderOf(greatest));
    }

    private static void Narrow<T, TDistance>(ReadOnlySpan<T> values, T least, Span<byte> distances)
        where T : unmanaged
        where TDistance : unmanaged
    {
        var target = MemoryMarshal.Cast<byte, TDistance>(distances)[..values.Length];
        if (values.Length >= LeastVectorized && Unsafe.SizeOf<TDistance>() < Unsafe.SizeOf<T>())
        {
            IntegerVectors.Narrow(values, least, target);
            return;
        }

        var start = Extend(least);
        for (var i = 0; i < values.Length; i++)
        {
            target[i] = Truncate<TDistance>(Extend(values[i]) - start);
        }
    }

    private static void Widen<TDistance, T>(ReadOnlySpan<byte> distances, T least, Span<T> values)
        where T : unmanaged
        where TDistance : unmanaged
    {
        var source = MemoryMarshal.Cast<byte, TDistance>(distances)[..values.Length];
        if (values.Length >= LeastVectorized)
        {
            IntegerVectors.Widen(source, least, values);
            return;
        }

        var start = Extend(least);
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = Truncate<T>(start + Extend(source[i]));
        }
    }

    /// <summary>Numbers without a sign, in the same order and as far from each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong OrderOf<T>(T value)
        where T : unmanaged =>
        (typeof(T) == typeof(int) ? (ulong)Unsafe.BitCast<T, int>(value) : Extend(value)) ^ SignOf<T>();

    private static ulong SignOf<T>() => typeof(T) == typeof(int) || typeof(T) == typeof(long) ? 1UL << 63 : 0;

    // By zeros: only the lower bits count.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Extend<T>(T value)
        where T : unmanaged => Unsafe.SizeOf<T>() switch
        {
            sizeof(byte) => Unsafe.BitCast<T, byte>(value),
            sizeof(ushort) => Unsafe.BitCast<T, ushort>(value),
            sizeof(uint) => Unsafe.BitCast<T, uint>(value),
            _ => Unsafe.BitCast<T, ulong>(value),
        };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Truncate<T>(ulong value)
        where T : unmanaged => Unsafe.SizeOf<T>() switch
        {
            sizeof(byte) => Unsafe.BitCast<byte, T>((byte)value),
            sizeof(ushort) => Unsafe.BitCast<ushort, T>((ushort)value),
            sizeof(uint) => Unsafe.BitCast<uint, T>((uint)value),
            _ => Unsafe.BitCast<ulong, T>(value),
        };
}
