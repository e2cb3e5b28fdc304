using System.Buffers.Binary;
using System.Collections.Specialized;
using System.Runtime.InteropServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Serialization.Codecs;

/// <summary>How built-in types are laid out that take more than a call.</summary>
internal static class SimpleCodecs
{
    public static void WriteDecimal(ref Writer writer, uint delta, decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        writer.WriteBytes(delta, WireType.Bytes, MemoryMarshal.AsBytes(bits));
    }

    public static decimal ReadDecimal(ref Reader reader, WireType wire)
    {
        Span<int> bits = stackalloc int[4];
        reader.ReadExactly(wire, MemoryMarshal.AsBytes(bits), typeof(decimal));
        return new decimal(bits);
    }

    public static void WriteInt128(ref Writer writer, uint delta, Int128 value)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt128LittleEndian(bytes, value);
        writer.WriteBytes(delta, WireType.Bytes, bytes);
    }

    public static Int128 ReadInt128(ref Reader reader, WireType wire)
    {
        if (wire == WireType.VarInt)
        {
            return reader.ReadInt64(wire);
        }

        Span<byte> bytes = stackalloc byte[16];
        reader.ReadExactly(wire, bytes, typeof(Int128));
        return BinaryPrimitives.ReadInt128LittleEndian(bytes);
    }

    public static void WriteUInt128(ref Writer writer, uint delta, UInt128 value) => WriteInt128(ref writer, delta, (Int128)value);

    public static UInt128 ReadUInt128(ref Reader reader, WireType wire) => wire == WireType.VarInt ? reader.ReadUInt64(wire) : (UInt128)ReadInt128(ref reader, wire);

    public static void WriteDateTimeOffset(ref Writer writer, uint delta, DateTimeOffset value)
    {
        Span<byte> bytes = stackalloc byte[10];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value.Ticks);
        BinaryPrimitives.WriteInt16LittleEndian(bytes[8..], (short)value.TotalOffsetMinutes);
        writer.WriteBytes(delta, WireType.Bytes, bytes);
    }

    public static DateTimeOffset ReadDateTimeOffset(ref Reader reader, WireType wire)
    {
        Span<byte> bytes = stackalloc byte[10];
        reader.ReadExactly(wire, bytes, typeof(DateTimeOffset));
        return new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(bytes), TimeSpan.FromMinutes(BinaryPrimitives.ReadInt16LittleEndian(bytes[8..])));
    }

    public static void WriteType(ref Writer writer, uint delta, Type value)
    {
        var spec = TypeSpec.Of(value);
        writer.Session.Pool.Manifest.Check(spec);
        writer.WriteBytes(delta, WireType.Bytes, spec.Bytes);
    }

    public static (string?, string[]?)[] NamesAndValues(NameValueCollection value) =>
        [.. Enumerable.Range(0, value.Count).Select(index => (value.GetKey(index), value.GetValues(index)))];

    public static NameValueCollection FromNamesAndValues((string?, string[]?)[] entries)
    {
        var value = new NameValueCollection();
        foreach (var (name, values) in entries)
        {
            // A name may stand without a value.
            foreach (var item in values ?? [null!])
            {
                value.Add(name, item);
            }
        }

        return value;
    }
}
