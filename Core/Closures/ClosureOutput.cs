using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Dpark.Closures;

/// <summary>Writes the primitives of the closure format into a growing buffer.</summary>
internal sealed class ClosureOutput
{
    private readonly ArrayBufferWriter<byte> _buffer = new(256);

    public int Length => _buffer.WrittenCount;

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public void WriteByte(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
    }

    public void WriteNumber(int value)
    {
        var rest = (uint)value;
        var span = _buffer.GetSpan(5);
        var count = 0;
        while (rest >= 0x80)
        {
            span[count++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        span[count++] = (byte)rest;
        _buffer.Advance(count);
    }

    public void WriteInt64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.GetSpan(sizeof(long)), value);
        _buffer.Advance(sizeof(long));
    }

    public void WriteRaw<T>(T value, int byteCount)
        where T : unmanaged
    {
        var span = _buffer.GetSpan(byteCount);
        MemoryMarshal.Write(span, in value);
        _buffer.Advance(byteCount);
    }

    public void WriteBytes(ReadOnlySpan<byte> bytes) => _buffer.Write(bytes);

    public void WriteText(string text)
    {
        if (IsWellFormed(text))
        {
            var count = Encoding.UTF8.GetByteCount(text);
            WriteNumber(checked(count * 2));
            Encoding.UTF8.GetBytes(text, _buffer.GetSpan(count));
            _buffer.Advance(count);
            return;
        }

        var bytes = MemoryMarshal.AsBytes(text.AsSpan());
        WriteNumber(checked((bytes.Length * 2) | 1));
        WriteBytes(bytes);
    }

    // UTF-8 would replace a lone surrogate, and a string must arrive as it left.
    private static bool IsWellFormed(string text)
    {
        var start = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF');
        if (start < 0)
        {
            return true;
        }

        for (var i = start; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
            {
                continue;
            }

            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1]))
            {
                return false;
            }

            i++;
        }

        return true;
    }
}
