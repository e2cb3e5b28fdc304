using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using Orleans.Serialization.Session;

namespace Orleans.Serialization.Buffers;

/// <summary>Reads one message from a span or a sequence without copying it. Lives on the stack of the serializer; codecs get it by reference.</summary>
/// <remarks>
/// Trusts nothing: each length is compared with the bytes that are left before anything is allocated, elements of collections are charged
/// to a budget of as many as the message has bytes (each takes at least one), and depth is limited.
/// </remarks>
internal ref partial struct Reader
{
    private readonly ReadOnlySequence<byte> _sequence;
    private readonly long _length;
    private SequencePosition _next;
    private ReadOnlySpan<byte> _span;
    private int _position;
    private long _before;
    private long _budget;
    private int _depth;

    public Reader(ReadOnlySpan<byte> input, ReadSession session)
    {
        _span = input;
        _length = _budget = input.Length;
        Session = session;
    }

    public Reader(in ReadOnlySequence<byte> input, ReadSession session)
    {
        _sequence = input;
        _next = input.Start;
        _length = _budget = input.Length;
        Session = session;
    }

    public ReadSession Session { get; }

    private readonly long Remaining => _length - _before - _position;

    /// <summary>Goes one object deeper. Each call has its <see cref="Leave"/>.</summary>
    public void Enter()
    {
        if (++_depth > SerializerLimits.MaxDepth)
        {
            SerializerLimits.ThrowTooDeep();
        }
    }

    public void Leave() => _depth--;

    /// <summary>Reads a tag and advances the id of the current level.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public WireType ReadTag(ref uint id)
    {
        uint tag = ReadByte();
        var delta = tag >> 4;
        if (delta == 15)
        {
            delta += (uint)ReadVarInt();
        }

        id += delta;
        return (WireType)(tag & 15);
    }

    /// <summary>Reads a tag where ids do not matter, such as those of elements.</summary>
    public WireType ReadTag()
    {
        uint id = 0;
        return ReadTag(ref id);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong ReadVarInt()
    {
        var first = ReadByte();
        return first < 0x80 ? first : ReadLongVarInt(first);
    }

    public byte ReadByte()
    {
        while (_position >= _span.Length)
        {
            NextSegment();
        }

        return _span[_position++];
    }

    /// <summary>Reads a length and compares it with what is left.</summary>
    public int ReadLength()
    {
        var length = ReadVarInt();
        if (length > (ulong)Math.Min(Remaining, Array.MaxLength))
        {
            SerializerLimits.ThrowEndOfInput((long)length, Remaining);
        }

        return (int)length;
    }

    /// <summary>Reads how many elements a collection has and charges them to the budget.</summary>
    public int ReadCount(WireType wire)
    {
        var count = ReadUnsigned(wire, (ulong)Array.MaxLength, typeof(int));
        Claim((long)count);
        return (int)count;
    }

    /// <summary>Charges elements to the budget, before memory is allocated for them.</summary>
    public void Claim(long count)
    {
        if (count > _budget)
        {
            SerializerLimits.ThrowEndOfInput(count, _budget);
        }

        _budget -= count;
    }

    public ulong ReadUnsigned(WireType wire, ulong max, Type expected)
    {
        if (wire != WireType.VarInt)
        {
            SerializerLimits.ThrowWireType(wire, expected);
        }

        var value = ReadVarInt();
        if (value > max)
        {
            SerializerLimits.ThrowOutOfRange(expected);
        }

        return value;
    }

    public long ReadSigned(WireType wire, long min, long max, Type expected)
    {
        if (wire != WireType.VarInt)
        {
            SerializerLimits.ThrowWireType(wire, expected);
        }

        var folded = ReadVarInt();
        var value = (long)(folded >> 1) ^ -(long)(folded & 1);
        if (value < min || value > max)
        {
            SerializerLimits.ThrowOutOfRange(expected);
        }

        return value;
    }

    // One method per primitive type, so that emitted code stores the result as it is.
    public bool ReadBoolean(WireType wire) => ReadUnsigned(wire, 1, typeof(bool)) != 0;

    public byte ReadByte(WireType wire) => (byte)ReadUnsigned(wire, byte.MaxValue, typeof(byte));

    public sbyte ReadSByte(WireType wire) => (sbyte)ReadSigned(wire, sbyte.MinValue, sbyte.MaxValue, typeof(sbyte));

    public short ReadInt16(WireType wire) => (short)ReadSigned(wire, short.MinValue, short.MaxValue, typeof(short));

    public ushort ReadUInt16(WireType wire) => (ushort)ReadUnsigned(wire, ushort.MaxValue, typeof(ushort));

    public char ReadChar(WireType wire) => (char)ReadUnsigned(wire, char.MaxValue, typeof(char));

    public int ReadInt32(WireType wire) => (int)ReadSigned(wire, int.MinValue, int.MaxValue, typeof(int));

    public uint ReadUInt32(WireType wire) => (uint)ReadUnsigned(wire, uint.MaxValue, typeof(uint));

    public long ReadInt64(WireType wire) => ReadSigned(wire, long.MinValue, long.MaxValue, typeof(long));

    public ulong ReadUInt64(WireType wire) => ReadUnsigned(wire, ulong.MaxValue, typeof(ulong));

    public float ReadSingle(WireType wire) => wire == WireType.Fixed32 ? ReadFixed32() : (float)ReadDouble(wire);

    public double ReadDouble(WireType wire)
    {
        if (wire == WireType.Fixed32)
        {
            return ReadFixed32();
        }

        return BitConverter.UInt64BitsToDouble(ReadFixed64(wire, typeof(double)));
    }

    public ulong ReadFixed64(WireType wire, Type expected)
    {
        if (wire != WireType.Fixed64)
        {
            SerializerLimits.ThrowWireType(wire, expected);
        }

        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        ReadRaw(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    public Guid ReadGuid(WireType wire)
    {
        Span<byte> bytes = stackalloc byte[16];
        ReadExactly(wire, bytes, typeof(Guid));
        return new Guid(bytes);
    }

    /// <summary>Reads a value that takes a fixed number of bytes.</summary>
    public void ReadExactly(WireType wire, scoped Span<byte> destination, Type expected)
    {
        if (wire != WireType.Bytes)
        {
            SerializerLimits.ThrowWireType(wire, expected);
        }

        if (ReadLength() != destination.Length)
        {
            SerializerLimits.ThrowDamaged($"a {expected} of another length than {destination.Length} bytes");
        }

        ReadRaw(destination);
    }

    public string? ReadString(WireType wire)
    {
        if (wire == WireType.Bytes)
        {
            return ReadText();
        }

        if (wire == WireType.Reference && ReadVarInt() == 0)
        {
            return null;
        }

        return ReadTyped<string>(wire);
    }

    /// <summary>A length and the UTF-8 bytes, without a tag.</summary>
    public string ReadText()
    {
        var length = ReadLength();
        if (_span.Length - _position >= length)
        {
            var text = Encoding.UTF8.GetString(_span.Slice(_position, length));
            _position += length;
            return text;
        }

        var rented = ArrayPool<byte>.Shared.Rent(length);
        ReadRaw(rented.AsSpan(0, length));
        var result = Encoding.UTF8.GetString(rented, 0, length);
        ArrayPool<byte>.Shared.Return(rented);
        return result;
    }

    /// <summary>A text that cannot be null.</summary>
    public string ReadText(WireType wire)
    {
        if (wire != WireType.Bytes)
        {
            SerializerLimits.ThrowWireType(wire, typeof(string));
        }

        return ReadText();
    }

    /// <summary>Bytes that are not an array of the message.</summary>
    public byte[] ReadBytes(WireType wire)
    {
        if (wire != WireType.Bytes)
        {
            SerializerLimits.ThrowWireType(wire, typeof(byte[]));
        }

        var bytes = new byte[ReadLength()];
        ReadRaw(bytes);
        return bytes;
    }

    /// <summary>Fills the destination with the next bytes.</summary>
    public void ReadRaw(scoped Span<byte> destination)
    {
        if (destination.Length > Remaining)
        {
            SerializerLimits.ThrowEndOfInput(destination.Length, Remaining);
        }

        while (true)
        {
            var count = Math.Min(destination.Length, _span.Length - _position);
            _span.Slice(_position, count).CopyTo(destination);
            _position += count;
            destination = destination[count..];
            if (destination.IsEmpty)
            {
                return;
            }

            NextSegment();
        }
    }

    private float ReadFixed32()
    {
        Span<byte> bytes = stackalloc byte[sizeof(float)];
        ReadRaw(bytes);
        return BinaryPrimitives.ReadSingleLittleEndian(bytes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong ReadLongVarInt(byte first)
    {
        var value = (ulong)first & 0x7F;
        for (var shift = 7; shift < 64; shift += 7)
        {
            var next = ReadByte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                // Of the tenth byte only one bit is left.
                if (shift == 63 && next > 1)
                {
                    break;
                }

                return value;
            }
        }

        SerializerLimits.ThrowDamaged("a varint of more than 64 bits");
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void NextSegment()
    {
        _before += _span.Length;
        _position = 0;
        _span = default;
        if (_before >= _length || !_sequence.TryGet(ref _next, out var memory))
        {
            SerializerLimits.ThrowEndOfInput(1, 0);
            return;
        }

        _span = memory.Span;
    }

    private readonly long Offset => _before + _position;

    private void Seek(long offset)
    {
        if (_sequence.IsEmpty)
        {
            _position = (int)offset;
            return;
        }

        _next = _sequence.GetPosition(offset);
        _before = offset;
        _position = 0;
        _span = default;
    }
}
