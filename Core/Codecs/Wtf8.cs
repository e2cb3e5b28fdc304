using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Dpark.Codecs;

/// <summary>UTF-8 that also carries lone surrogates, each as the three bytes that its number would take. Text without them is plain UTF-8.</summary>
internal static class Wtf8
{
    /// <summary>Writes a string.</summary>
    /// <param name="target">At least three bytes per character, or as many as are known to suffice.</param>
    /// <returns>Bytes written.</returns>
    public static int Encode(string value, Span<byte> target)
    {
        if (Ascii.FromUtf16(value, target, out var written) == OperationStatus.Done)
        {
            return written;
        }

        return Utf8.FromUtf16(value, target, out _, out written, replaceInvalidSequences: false) == OperationStatus.Done
            ? written
            : EncodeWithSurrogates(value, target);
    }

    /// <summary>Reads a string.</summary>
    /// <exception cref="InvalidDataException">The bytes are not what <see cref="Encode"/> writes.</exception>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        using var scratch = new Scratch<char>(bytes.Length);
        var chars = scratch.Span;
        var written = Utf8.ToUtf16(bytes, chars, out _, out var length, replaceInvalidSequences: false) == OperationStatus.Done
            ? length
            : DecodeWithSurrogates(bytes, chars);
        return new string(chars[..written]);
    }

    private static int EncodeWithSurrogates(ReadOnlySpan<char> chars, Span<byte> target)
    {
        var written = 0;
        while (!chars.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(chars, out var rune, out var consumed) == OperationStatus.Done)
            {
                written += rune.EncodeToUtf8(target[written..]);
            }
            else
            {
                int surrogate = chars[0];
                consumed = 1;
                target[written++] = (byte)(0xE0 | (surrogate >> 12));
                target[written++] = (byte)(0x80 | ((surrogate >> 6) & 0x3F));
                target[written++] = (byte)(0x80 | (surrogate & 0x3F));
            }

            chars = chars[consumed..];
        }

        return written;
    }

    private static int DecodeWithSurrogates(ReadOnlySpan<byte> bytes, Span<char> chars)
    {
        var written = 0;
        while (!bytes.IsEmpty)
        {
            int consumed;
            if (Rune.DecodeFromUtf8(bytes, out var rune, out consumed) == OperationStatus.Done)
            {
                written += rune.EncodeToUtf16(chars[written..]);
            }
            else
            {
                chars[written++] = DecodeSurrogate(bytes);
                consumed = 3;
            }

            bytes = bytes[consumed..];
        }

        return written;
    }

    private static char DecodeSurrogate(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 3 || bytes[0] != 0xED || (bytes[1] & 0xE0) != 0xA0 || (bytes[2] & 0xC0) != 0x80)
        {
            RecordErrors.ThrowDamaged("text that is not UTF-8");
        }

        return (char)(0xD000 | ((bytes[1] & 0x3F) << 6) | (bytes[2] & 0x3F));
    }
}
