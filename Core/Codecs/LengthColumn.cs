using System.Buffers.Binary;

namespace Dpark.Codecs;

/// <summary>
/// The lengths of strings or collections: one byte for the width (1, 2 or 4), then a number of that many bytes per value: 0 for null, else the length plus 1.
/// </summary>
internal static class LengthColumn
{
    /// <summary>What stands for null.</summary>
    public const int Null = -1;

    /// <summary>Appends the column.</summary>
    /// <param name="lengths">At least 0, or <see cref="Null"/>.</param>
    public static void Encode(ReadOnlySpan<int> lengths, RecordBuffer output)
    {
        var largest = 0;
        foreach (var length in lengths)
        {
            largest = Math.Max(largest, length);
        }

        var width = WidthOf(largest);
        output.AppendByte((byte)width);
        Fill(lengths, width, output.Append((long)lengths.Length * width));
    }

    /// <summary>Bytes per number for lengths up to <paramref name="largest"/>.</summary>
    public static int WidthOf(int largest) => largest < byte.MaxValue ? 1 : largest < ushort.MaxValue ? 2 : 4;

    /// <summary>Reads the column into <paramref name="lengths"/>, with <see cref="Null"/> for null.</summary>
    /// <returns>The sum of the lengths.</returns>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static long Decode(ref RecordInput input, scoped Span<int> lengths)
    {
        var width = input.ReadByte();
        if (width is not (1 or 2 or 4))
        {
            RecordErrors.ThrowDamaged($"lengths of {width} bytes");
        }

        return Decode(input.ReadBytes((long)lengths.Length * width), width, lengths);
    }

    /// <summary>Writes the numbers of the column, without its width.</summary>
    /// <param name="width">As <see cref="WidthOf"/> says for the largest, or more.</param>
    /// <param name="target">As many bytes as <paramref name="lengths"/> take.</param>
    public static void Fill(ReadOnlySpan<int> lengths, int width, Span<byte> target) => IntegerColumn.Narrow(lengths, Null, width, target);

    private static long Decode(ReadOnlySpan<byte> source, int width, Span<int> lengths)
    {
        var sum = 0L;
        for (var i = 0; i < lengths.Length; i++)
        {
            var stored = width switch
            {
                1 => source[i],
                2 => BinaryPrimitives.ReadUInt16LittleEndian(source[(i * 2)..]),
                _ => BinaryPrimitives.ReadInt32LittleEndian(source[(i * 4)..]),
            };
            if (stored < 0)
            {
                RecordErrors.ThrowDamaged("a negative length");
            }

            lengths[i] = stored - 1;
            sum += Math.Max(stored - 1, 0);
        }

        return sum;
    }
}
