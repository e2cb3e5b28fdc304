using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using Dpark.Codecs;
using StableHash = Dpark.Partitioning.StableHash;

namespace Dpark.Text;

/// <summary>
/// The stable hash of the string that UTF-8 bytes are: of the bytes of its UTF-16 characters, so that a key has its partition whichever form it is in. ASCII is
/// widened in registers, anything else by way of a buffer.
/// </summary>
internal static class Utf8Hash
{
    private const ulong NotAscii = 0x8080_8080_8080_8080;
    private const int WidenedAtOnce = 256;

    /// <summary>The hash of a text.</summary>
    public static ulong Of(ReadOnlySpan<byte> text) => text.Length <= 8 ? OfShort(text, out _) : OfLong(text);

    /// <summary>The hash of a text.</summary>
    /// <param name="prefix">Receives the first eight bytes, the first one lowest, with zeros behind a shorter text.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Of(ReadOnlySpan<byte> text, out ulong prefix)
    {
        if (text.Length <= 8)
        {
            return OfShort(text, out prefix);
        }

        prefix = BinaryPrimitives.ReadUInt64LittleEndian(text);
        return OfLong(text);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong OfShort(ReadOnlySpan<byte> text, out ulong prefix)
    {
        ref var start = ref MemoryMarshal.GetReference(text);
        var length = text.Length;
        ulong a;
        ulong b;
        if (length >= 4)
        {
            // The two halves overlap; where they do they agree.
            ulong first = Read32(ref start);
            ulong last = Read32(ref Unsafe.Add(ref start, length - 4));
            prefix = first | (last << ((length - 4) * 8));
            a = Widen((uint)first);
            b = Widen((uint)last);
        }
        else if (length >= 2)
        {
            ulong first = start;
            ulong second = Unsafe.Add(ref start, 1);
            ulong last = Unsafe.Add(ref start, length - 1);
            var beforeLast = length == 2 ? first : second;
            prefix = first | (second << 8) | (last << ((length - 1) * 8));
            a = first | (second << 16);
            b = beforeLast | (last << 16);
        }
        else
        {
            prefix = length == 0 ? 0UL : start;
            a = prefix;
            b = 0;
        }

        return (prefix & NotAscii) == 0 ? StableHash.Finish(a, b, StableHash.StartBytes(2 * length), 2 * length) : OfOther(text);
    }

    private static ulong OfLong(ReadOnlySpan<byte> text)
    {
        if (!Ascii.IsValid(text))
        {
            return OfOther(text);
        }

        // Eight characters are sixteen bytes, of which the last ones are left for the end.
        var count = 2 * text.Length;
        var hash = StableHash.StartBytes(count);
        var offset = 0;
        for (; text.Length - offset > 8; offset += 8)
        {
            hash = StableHash.Step(Widen(BinaryPrimitives.ReadUInt32LittleEndian(text[offset..])), Widen(BinaryPrimitives.ReadUInt32LittleEndian(text[(offset + 4)..])), hash);
        }

        return StableHash.Finish(
            Widen(BinaryPrimitives.ReadUInt32LittleEndian(text[^8..])), Widen(BinaryPrimitives.ReadUInt32LittleEndian(text[^4..])), hash, count);
    }

    private static ulong OfOther(ReadOnlySpan<byte> text)
    {
        if (text.Length <= WidenedAtOnce)
        {
            Span<char> few = stackalloc char[WidenedAtOnce];
            return OfChars(few[..Encoding.UTF8.GetChars(text, few)]);
        }

        using var scratch = new Scratch<char>(text.Length);
        return OfChars(scratch.Span[..Encoding.UTF8.GetChars(text, scratch.Span)]);
    }

    private static ulong OfChars(ReadOnlySpan<char> text) => StableHash.OfBytes(MemoryMarshal.AsBytes(text));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Read32(ref byte start)
    {
        var value = Unsafe.ReadUnaligned<uint>(ref start);
        return BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);
    }

    /// <summary>Puts a zero byte behind each of four bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Widen(uint bytes)
    {
        ulong wide = bytes;
        wide = (wide | (wide << 16)) & 0x0000_FFFF_0000_FFFF;
        return (wide | (wide << 8)) & 0x00FF_00FF_00FF_00FF;
    }
}
