using System.Buffers.Binary;
using System.Text;

namespace Dpark.Codecs;

/// <summary>Strings as a column of UTF-8 lengths and the bytes in a row. A lone surrogate becomes the three bytes it would have as a character of its own.</summary>
internal sealed class StringCodec : RecordCodec<string?>
{
    // Above this, the bytes are counted first; below it, room for the worst case is cheaper.
    private const int ExactAboveChars = 1 << 18;
    private const int WorstBytesPerChar = 3;

    // Total bytes of text, and the width of the lengths.
    private const int HeaderBytes = 5;

    internal override string Shape => "string";

    internal override int LeastBits => 8;

    public override void Encode(ReadOnlySpan<string?> values, RecordBuffer output)
    {
        using var scratch = new Scratch<int>(values.Length);
        var lengths = scratch.Span;
        var chars = 0L;
        foreach (var value in values)
        {
            chars += value?.Length ?? 0;
        }

        // The lengths come first and are known last, so the text is put behind room for them and they are filled in at the end.
        var start = output.Length;
        var longest = 0;
        var textBytes = MeasureOrBound(values, chars, ref longest);
        var width = LengthColumn.WidthOf(longest);
        output.Append(HeaderBytes + ((long)values.Length * width));
        var text = output.Append(textBytes);
        var used = 0;
        for (var i = 0; i < values.Length; i++)
        {
            var value = values[i];
            lengths[i] = value is null ? LengthColumn.Null : Wtf8.Encode(value, text[used..]);
            used += Math.Max(lengths[i], 0);
        }

        output.Truncate(output.Length - (int)(textBytes - used));
        var header = output.Written(start, HeaderBytes + (values.Length * width));
        BinaryPrimitives.WriteInt32LittleEndian(header, used);
        header[sizeof(int)] = (byte)width;
        LengthColumn.Fill(lengths, width, header[HeaderBytes..]);
    }

    public override void Decode(ref RecordInput input, scoped Span<string?> values)
    {
        using var scratch = new Scratch<int>(values.Length);
        var lengths = scratch.Span;
        var textBytes = input.ReadInt32();
        var sum = LengthColumn.Decode(ref input, lengths);
        if (sum != textBytes)
        {
            RecordErrors.ThrowDamaged($"strings of {sum} bytes where {textBytes} are announced");
        }

        var text = input.ReadBytes(textBytes);
        if (Ascii.IsValid(text))
        {
            DecodeAscii(text, lengths, values);
        }
        else
        {
            DecodeUtf8(text, lengths, values);
        }
    }

    internal override long HeapBytes(ReadOnlySpan<string?> values, int depth)
    {
        var bytes = 0L;
        foreach (var value in values)
        {
            bytes += value is null ? 0 : BytesOf(value);
        }

        return bytes;
    }

    /// <summary>Heap bytes of one string: header, length, characters and end mark, rounded up to 8.</summary>
    internal static long BytesOf(string value) => (22 + (2L * value.Length) + 7) & ~7L;

    private static long MeasureOrBound(ReadOnlySpan<string?> values, long chars, ref int longest)
    {
        var total = 0L;
        foreach (var value in values)
        {
            if (value is null)
            {
                continue;
            }

            var bytes = chars > ExactAboveChars || value.Length > byte.MaxValue / WorstBytesPerChar
                ? Encoding.UTF8.GetByteCount(value) // Counts a lone surrogate as the three bytes of its replacement, which is what it takes here, too.
                : value.Length * WorstBytesPerChar;
            longest = Math.Max(longest, bytes);
            total += bytes;
        }

        return total;
    }

    private static void DecodeAscii(ReadOnlySpan<byte> text, ReadOnlySpan<int> lengths, Span<string?> values)
    {
        for (var i = 0; i < lengths.Length; i++)
        {
            var length = lengths[i];
            if (length > 0)
            {
                values[i] = Encoding.Latin1.GetString(text[..length]);
                text = text[length..];
            }
            else
            {
                values[i] = length == 0 ? "" : null;
            }
        }
    }

    private static void DecodeUtf8(ReadOnlySpan<byte> text, ReadOnlySpan<int> lengths, Span<string?> values)
    {
        for (var i = 0; i < lengths.Length; i++)
        {
            var length = lengths[i];
            values[i] = length == LengthColumn.Null ? null : Wtf8.Decode(text[..length]);
            text = text[Math.Max(length, 0)..];
        }
    }
}
