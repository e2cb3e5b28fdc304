using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Dpark.Closures;

/// <summary>Reads the primitives of the closure format. Every length is checked against the bytes that are left before anything is allocated.</summary>
internal ref struct ClosureInput(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; set; }

    public readonly int Remaining => _bytes.Length - Position;

    public byte ReadByte()
    {
        if ((uint)Position >= (uint)_bytes.Length)
        {
            ClosureThrow.Truncated(Position, 1, _bytes.Length);
        }

        return _bytes[Position++];
    }

    /// <summary>Reads a number from 0 to <see cref="int.MaxValue"/>, seven bits a byte, low bits first.</summary>
    public int ReadNumber()
    {
        var position = Position;
        if (position < _bytes.Length && _bytes[position] < 0x80)
        {
            Position = position + 1;
            return _bytes[position];
        }

        return ReadLongNumber();
    }

    /// <summary>Reads a count of things that take at least <paramref name="minimumBytes"/> each.</summary>
    public int ReadCount(int minimumBytes)
    {
        var count = ReadNumber();
        if ((long)count * minimumBytes > Remaining)
        {
            ClosureThrow.Truncated(Position, (long)count * minimumBytes, _bytes.Length);
        }

        return count;
    }

    public ReadOnlySpan<byte> ReadBytes(int count)
    {
        if (count > Remaining)
        {
            ClosureThrow.Truncated(Position, count, _bytes.Length);
        }

        var result = _bytes.Slice(Position, count);
        Position += count;
        return result;
    }

    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(ReadBytes(sizeof(long)));

    public T ReadRaw<T>(int byteCount)
        where T : unmanaged => MemoryMarshal.Read<T>(ReadBytes(byteCount));

    /// <summary>Reads text: twice the byte count, plus 1 if the bytes are UTF-16 because the text is not valid Unicode.</summary>
    public string ReadText()
    {
        var head = ReadNumber();
        var bytes = ReadBytes(head >> 1);
        if ((head & 1) == 0)
        {
            return Encoding.UTF8.GetString(bytes);
        }

        return (bytes.Length & 1) == 0 ? new string(MemoryMarshal.Cast<byte, char>(bytes)) : OddText();
    }

    private static string OddText()
    {
        ClosureThrow.Malformed("a UTF-16 text has an odd number of bytes");
        return "";
    }

    private int ReadLongNumber()
    {
        var result = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var part = ReadByte();
            if (shift == 28 && part > 0x07)
            {
                break;
            }

            result |= (part & 0x7F) << shift;
            if (part < 0x80)
            {
                return result;
            }
        }

        ClosureThrow.Malformed($"the number at offset {Position} is over {int.MaxValue}");
        return 0;
    }
}
