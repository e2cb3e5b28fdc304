using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Session;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Serialization.Buffers;

/// <summary>Writes one message into a buffer writer. Lives on the stack of the serializer; codecs get it by reference.</summary>
internal ref struct Writer
{
    private const int MaxVarIntBytes = 10;
    private const uint LongDelta = 15;
    private const int ContiguousStringBytes = 4096;

    private readonly IBufferWriter<byte> _output;
    private Span<byte> _span;
    private int _position;
    private int _depth;

    public Writer(IBufferWriter<byte> output, WriteSession session)
    {
        _output = output;
        Session = session;
    }

    public WriteSession Session { get; }

    /// <summary>Hands what was written to the buffer writer. The last call on a writer.</summary>
    public void Flush()
    {
        _output.Advance(_position);
        _span = default;
        _position = 0;
    }

    /// <summary>Goes one object deeper. Ends with <see cref="WriteEnd"/>.</summary>
    public void Enter(uint delta, WireType wire)
    {
        if (++_depth > SerializerLimits.MaxDepth)
        {
            SerializerLimits.ThrowTooDeep();
        }

        WriteTag(delta, wire);
    }

    public void WriteEnd()
    {
        _depth--;
        WriteTag(0, WireType.End);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteTag(uint delta, WireType wire)
    {
        if (delta < LongDelta)
        {
            Reserve(1)[0] = (byte)((delta << 4) | (uint)wire);
            _position++;
        }
        else
        {
            WriteLongTag(delta, wire);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteVarInt(ulong value)
    {
        var span = Reserve(MaxVarIntBytes);
        var length = 0;
        while (value >= 0x80)
        {
            span[length++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[length++] = (byte)value;
        _position += length;
    }

    public void WriteUnsigned(uint delta, ulong value)
    {
        WriteTag(delta, WireType.VarInt);
        WriteVarInt(value);
    }

    public void WriteSigned(uint delta, long value) => WriteUnsigned(delta, (ulong)((value << 1) ^ (value >> 63)));

    // One method per primitive type, so that emitted code calls it with the member's value as it is.
    public void WriteBoolean(uint delta, bool value) => WriteUnsigned(delta, value ? 1UL : 0UL);

    public void WriteByte(uint delta, byte value) => WriteUnsigned(delta, value);

    public void WriteSByte(uint delta, sbyte value) => WriteSigned(delta, value);

    public void WriteInt16(uint delta, short value) => WriteSigned(delta, value);

    public void WriteUInt16(uint delta, ushort value) => WriteUnsigned(delta, value);

    public void WriteChar(uint delta, char value) => WriteUnsigned(delta, value);

    public void WriteInt32(uint delta, int value) => WriteSigned(delta, value);

    public void WriteUInt32(uint delta, uint value) => WriteUnsigned(delta, value);

    public void WriteInt64(uint delta, long value) => WriteSigned(delta, value);

    public void WriteUInt64(uint delta, ulong value) => WriteUnsigned(delta, value);

    public void WriteSingle(uint delta, float value)
    {
        WriteTag(delta, WireType.Fixed32);
        BinaryPrimitives.WriteSingleLittleEndian(Reserve(sizeof(float)), value);
        _position += sizeof(float);
    }

    public void WriteDouble(uint delta, double value) => WriteFixed64(delta, BitConverter.DoubleToUInt64Bits(value));

    public void WriteFixed64(uint delta, ulong value)
    {
        WriteTag(delta, WireType.Fixed64);
        BinaryPrimitives.WriteUInt64LittleEndian(Reserve(sizeof(ulong)), value);
        _position += sizeof(ulong);
    }

    public void WriteGuid(uint delta, Guid value)
    {
        WriteTag(delta, WireType.Bytes);
        WriteVarInt(16);
        value.TryWriteBytes(Reserve(16));
        _position += 16;
    }

    public void WriteString(uint delta, string? value)
    {
        if (value is null)
        {
            WriteNull(delta);
            return;
        }

        WriteTag(delta, WireType.Bytes);
        WriteText(value);
    }

    /// <summary>A length and the UTF-8 bytes, without a tag.</summary>
    public void WriteText(string value)
    {
        // With 42 characters or less the length takes one byte whatever the characters are.
        if (value.Length <= 42)
        {
            var span = Reserve(128);
            var length = Encoding.UTF8.GetBytes(value, span[1..]);
            span[0] = (byte)length;
            _position += length + 1;
            return;
        }

        var count = Encoding.UTF8.GetByteCount(value);
        WriteVarInt((ulong)count);
        if (count <= ContiguousStringBytes)
        {
            // In two steps: room may be made, which sets the position back, before the sum is formed.
            var room = Reserve(count);
            _position += Encoding.UTF8.GetBytes(value, room);
            return;
        }

        var rented = ArrayPool<byte>.Shared.Rent(count);
        WriteRaw(rented.AsSpan(0, Encoding.UTF8.GetBytes(value, rented)));
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>A tag, a length and the bytes.</summary>
    public void WriteBytes(uint delta, WireType wire, scoped ReadOnlySpan<byte> value)
    {
        WriteTag(delta, wire);
        WriteVarInt((ulong)value.Length);
        WriteRaw(value);
    }

    /// <summary>The bytes alone, copied once into whatever room the buffer writer offers.</summary>
    public void WriteRaw(scoped ReadOnlySpan<byte> value)
    {
        while (!value.IsEmpty)
        {
            var room = Reserve(1);
            var count = Math.Min(room.Length, value.Length);
            value[..count].CopyTo(room);
            _position += count;
            value = value[count..];
        }
    }

    public void WriteNull(uint delta) => WriteReference(delta, 0);

    /// <summary>Writes where the object was written before, or else notes that it is written now.</summary>
    public bool TryWriteReference(uint delta, object value)
    {
        if (!Session.References.TryAdd(value, out var id))
        {
            WriteReference(delta, id);
            return true;
        }

        return false;
    }

    /// <summary>Writes a value whose type is not the declared one: a reference, or the type and the value.</summary>
    public void WriteTyped(uint delta, object value) => WriteTyped(delta, value, CodecTable.Get(value.GetType()));

    public void WriteTyped(uint delta, object value, Codec codec)
    {
        if (codec.IsTracked && TryWriteReference(delta, value))
        {
            return;
        }

        WriteTag(delta, WireType.Typed);
        WriteTypeSpec(codec.Spec);
        codec.WriteObject(ref this, 0, value);
    }

    /// <summary>A type: well-known ones by number, others in full once a message and by number from then on.</summary>
    public void WriteTypeSpec(TypeSpec spec)
    {
        if (spec.WellKnownId is { } id)
        {
            WriteVarInt(((ulong)id << 1) | 1);
        }
        else if (!Session.Types.TryAdd(spec, out var index))
        {
            WriteVarInt((ulong)index << 1);
        }
        else
        {
            Session.Pool.Manifest.Check(spec);
            WriteVarInt(0);
            WriteVarInt((ulong)spec.Bytes.Length);
            WriteRaw(spec.Bytes);
        }
    }

    private void WriteReference(uint delta, int id)
    {
        WriteTag(delta, WireType.Reference);
        WriteVarInt((ulong)id);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void WriteLongTag(uint delta, WireType wire)
    {
        Reserve(1)[0] = (byte)((LongDelta << 4) | (uint)wire);
        _position++;
        WriteVarInt(delta - LongDelta);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Span<byte> Reserve(int count)
    {
        if (_span.Length - _position < count)
        {
            Grow(count);
        }

        return _span[_position..];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Grow(int count)
    {
        _output.Advance(_position);
        _position = 0;
        _span = _output.GetSpan(Math.Max(count, 256));
    }
}
