using System.Numerics;
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
    where TNumber : unmanaged, IBinaryInteger<TNumber>, IMinMaxValue<TNumber>
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
internal static class IntegerColumn
{
    // Fewer are not worth a loop that has to be compiled: that one cannot be compiled ahead, because it takes the widest vectors of the machine.
    private const int LeastVectorized = 64;

    /// <summary>Appends the column.</summary>
    /// <param name="values">At least one.</param>
    public static void Encode<T>(ReadOnlySpan<T> values, RecordBuffer output)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
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
        var distances = column[(1 + Unsafe.SizeOf<T>())..];
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
        where T : unmanaged, IBinaryInteger<T>
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
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        (least, var greatest) = values.Length < LeastVectorized ? Bounds(values) : VectorBounds(values);
        return WidthOf(ulong.CreateTruncating(greatest - least) & (ulong.MaxValue >> (64 - (8 * Unsafe.SizeOf<T>()))));
    }

    private static int WidthOf(ulong range) => range switch
    {
        <= byte.MaxValue => 1,
        <= ushort.MaxValue => 2,
        <= uint.MaxValue => 4,
        _ => 8,
    };

    private static (T Least, T Greatest) Bounds<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (least, greatest) = (values[0], values[0]);
        foreach (var value in values)
        {
            least = T.Min(least, value);
            greatest = T.Max(greatest, value);
        }

        return (least, greatest);
    }

    // At least one vector of values; the last one overlaps the one before.
    private static (T Least, T Greatest) VectorBounds<T>(ReadOnlySpan<T> values)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var last = values[^Vector<T>.Count..];
        var least = new Vector<T>(last);
        var greatest = least;
        for (var i = 0; i < values.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            var next = new Vector<T>(values[i..]);
            least = Vector.Min(least, next);
            greatest = Vector.Max(greatest, next);
        }

        var (leastOfAll, greatestOfAll) = (T.MaxValue, T.MinValue);
        for (var i = 0; i < Vector<T>.Count; i++)
        {
            leastOfAll = T.Min(leastOfAll, least[i]);
            greatestOfAll = T.Max(greatestOfAll, greatest[i]);
        }

        return (leastOfAll, greatestOfAll);
    }

    private static void Narrow<T, TDistance>(ReadOnlySpan<T> values, T least, Span<byte> distances)
        where T : unmanaged, IBinaryInteger<T>
        where TDistance : unmanaged, IBinaryInteger<TDistance>
    {
        var target = MemoryMarshal.Cast<byte, TDistance>(distances)[..values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            target[i] = TDistance.CreateTruncating(values[i] - least);
        }
    }

    private static void Widen<TDistance, T>(ReadOnlySpan<byte> distances, T least, Span<T> values)
        where T : unmanaged, IBinaryInteger<T>
        where TDistance : unmanaged, IBinaryInteger<TDistance>
    {
        var source = MemoryMarshal.Cast<byte, TDistance>(distances)[..values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = least + T.CreateTruncating(source[i]);
        }
    }
}
