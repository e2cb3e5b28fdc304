using System.Buffers.Binary;
using System.Collections;
using System.Collections.Specialized;
using System.Globalization;
using System.Net;
using System.Numerics;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Serialization.Codecs;

/// <summary>The codecs of built-in types that are not generic.</summary>
internal static class SimpleCodecs
{
    public static Codec? TryCreate(Type type) => Type.GetTypeCode(type.IsEnum ? typeof(object) : type) switch
    {
        TypeCode.Boolean => new SimpleCodec<bool>((ref w, d, v) => w.WriteBoolean(d, v), (ref r, t) => r.ReadBoolean(t)),
        TypeCode.Byte => new SimpleCodec<byte>((ref w, d, v) => w.WriteByte(d, v), (ref r, t) => r.ReadByte(t)),
        TypeCode.SByte => new SimpleCodec<sbyte>((ref w, d, v) => w.WriteSByte(d, v), (ref r, t) => r.ReadSByte(t)),
        TypeCode.Int16 => new SimpleCodec<short>((ref w, d, v) => w.WriteInt16(d, v), (ref r, t) => r.ReadInt16(t)),
        TypeCode.UInt16 => new SimpleCodec<ushort>((ref w, d, v) => w.WriteUInt16(d, v), (ref r, t) => r.ReadUInt16(t)),
        TypeCode.Int32 => new SimpleCodec<int>((ref w, d, v) => w.WriteInt32(d, v), (ref r, t) => r.ReadInt32(t)),
        TypeCode.UInt32 => new SimpleCodec<uint>((ref w, d, v) => w.WriteUInt32(d, v), (ref r, t) => r.ReadUInt32(t)),
        TypeCode.Int64 => new SimpleCodec<long>((ref w, d, v) => w.WriteInt64(d, v), (ref r, t) => r.ReadInt64(t)),
        TypeCode.UInt64 => new SimpleCodec<ulong>((ref w, d, v) => w.WriteUInt64(d, v), (ref r, t) => r.ReadUInt64(t)),
        TypeCode.Char => new SimpleCodec<char>((ref w, d, v) => w.WriteChar(d, v), (ref r, t) => r.ReadChar(t)),
        TypeCode.Single => new SimpleCodec<float>((ref w, d, v) => w.WriteSingle(d, v), (ref r, t) => r.ReadSingle(t)),
        TypeCode.Double => new SimpleCodec<double>((ref w, d, v) => w.WriteDouble(d, v), (ref r, t) => r.ReadDouble(t)),
        TypeCode.String => new SimpleCodec<string>((ref w, d, v) => w.WriteString(d, v), (ref r, t) => r.ReadString(t)!),
        TypeCode.Decimal => new SimpleCodec<decimal>(WriteDecimal, ReadDecimal),
        TypeCode.DateTime => new SimpleCodec<DateTime>(
            (ref w, d, v) => w.WriteFixed64(d, (ulong)v.ToBinary()), (ref r, t) => DateTime.FromBinary((long)r.ReadFixed64(t, typeof(DateTime)))),
        _ => TryCreateValue(type) ?? TryCreateObject(type),
    };

    private static Codec? TryCreateValue(Type type) =>
        type == typeof(Guid) ? new SimpleCodec<Guid>((ref w, d, v) => w.WriteGuid(d, v), (ref r, t) => r.ReadGuid(t))
        : type == typeof(TimeSpan) ? new SimpleCodec<TimeSpan>((ref w, d, v) => w.WriteInt64(d, v.Ticks), (ref r, t) => new TimeSpan(r.ReadInt64(t)))
        : type == typeof(DateTimeOffset) ? new SimpleCodec<DateTimeOffset>(WriteDateTimeOffset, ReadDateTimeOffset)
        : type == typeof(DateOnly) ? new SimpleCodec<DateOnly>((ref w, d, v) => w.WriteInt32(d, v.DayNumber), (ref r, t) => DateOnly.FromDayNumber(r.ReadInt32(t)))
        : type == typeof(TimeOnly) ? new SimpleCodec<TimeOnly>((ref w, d, v) => w.WriteInt64(d, v.Ticks), (ref r, t) => new TimeOnly(r.ReadInt64(t)))
        : type == typeof(Half) ? new SimpleCodec<Half>((ref w, d, v) => w.WriteSingle(d, (float)v), (ref r, t) => (Half)r.ReadSingle(t))
        : type == typeof(Int128) ? new SimpleCodec<Int128>(WriteInt128, (ref r, t) => t == WireType.VarInt ? r.ReadInt64(t) : ReadInt128(ref r, t, typeof(Int128)))
        : type == typeof(UInt128) ? new SimpleCodec<UInt128>(
            (ref w, d, v) => WriteInt128(ref w, d, (Int128)v), (ref r, t) => t == WireType.VarInt ? r.ReadUInt64(t) : (UInt128)ReadInt128(ref r, t, typeof(UInt128)))
        : type == typeof(BigInteger) ? new SimpleCodec<BigInteger>((ref w, d, v) => w.WriteBytes(d, WireType.Bytes, v.ToByteArray()), (ref r, t) => new BigInteger(ReadBytes(ref r, t)))
        : type == typeof(BitVector32) ? new SimpleCodec<BitVector32>((ref w, d, v) => w.WriteInt32(d, v.Data), (ref r, t) => new BitVector32(r.ReadInt32(t)))
        : null;

    private static Codec? TryCreateObject(Type type) =>
        type == typeof(object) ? new PolymorphicCodec<object>()
        : type == typeof(Type) ? new SimpleCodec<Type>(WriteType, (ref r, t) => r.Session.Manifest.Resolve(ReadBytes(ref r, t)))
        : type == typeof(Uri) ? new SimpleCodec<Uri>((ref w, d, v) => w.WriteString(d, v.OriginalString), (ref r, t) => new Uri(ReadText(ref r, t), UriKind.RelativeOrAbsolute))
        : type == typeof(Version) ? new SimpleCodec<Version>((ref w, d, v) => w.WriteString(d, v.ToString()), (ref r, t) => Version.Parse(ReadText(ref r, t)))
        : type == typeof(IPAddress) ? new SimpleCodec<IPAddress>((ref w, d, v) => w.WriteString(d, v.ToString()), (ref r, t) => IPAddress.Parse(ReadText(ref r, t)))
        : type == typeof(IPEndPoint) ? new SimpleCodec<IPEndPoint>((ref w, d, v) => w.WriteString(d, v.ToString()), (ref r, t) => IPEndPoint.Parse(ReadText(ref r, t)))
        : type == typeof(CultureInfo) ? new SimpleCodec<CultureInfo>((ref w, d, v) => w.WriteString(d, v.Name), (ref r, t) => CultureInfo.GetCultureInfo(ReadText(ref r, t)))
        : type == typeof(CompareInfo) ? new SimpleCodec<CompareInfo>((ref w, d, v) => w.WriteString(d, v.Name), (ref r, t) => CompareInfo.GetCompareInfo(ReadText(ref r, t)))
        : type == typeof(BitArray) ? new SurrogateCodec<BitArray, bool[]>(value => [.. value.Cast<bool>()], bits => new BitArray(bits))
        : type == typeof(ArrayList) ? new SurrogateCodec<ArrayList, object?[]>(value => value.ToArray(), items => new ArrayList(items))
        : type == typeof(NameValueCollection) ? new SurrogateCodec<NameValueCollection, (string?, string[]?)[]>(NamesAndValues, FromNamesAndValues)
        : null;

    private static void WriteDecimal(ref Writer writer, uint delta, decimal value)
    {
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(value, bits);
        writer.WriteBytes(delta, WireType.Bytes, System.Runtime.InteropServices.MemoryMarshal.AsBytes(bits));
    }

    private static decimal ReadDecimal(ref Reader reader, WireType wire)
    {
        Span<int> bits = stackalloc int[4];
        reader.ReadExactly(wire, System.Runtime.InteropServices.MemoryMarshal.AsBytes(bits), typeof(decimal));
        return new decimal(bits);
    }

    private static void WriteInt128(ref Writer writer, uint delta, Int128 value)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt128LittleEndian(bytes, value);
        writer.WriteBytes(delta, WireType.Bytes, bytes);
    }

    private static Int128 ReadInt128(ref Reader reader, WireType wire, Type expected)
    {
        Span<byte> bytes = stackalloc byte[16];
        reader.ReadExactly(wire, bytes, expected);
        return BinaryPrimitives.ReadInt128LittleEndian(bytes);
    }

    private static void WriteDateTimeOffset(ref Writer writer, uint delta, DateTimeOffset value)
    {
        Span<byte> bytes = stackalloc byte[10];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value.Ticks);
        BinaryPrimitives.WriteInt16LittleEndian(bytes[8..], (short)value.TotalOffsetMinutes);
        writer.WriteBytes(delta, WireType.Bytes, bytes);
    }

    private static DateTimeOffset ReadDateTimeOffset(ref Reader reader, WireType wire)
    {
        Span<byte> bytes = stackalloc byte[10];
        reader.ReadExactly(wire, bytes, typeof(DateTimeOffset));
        return new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(bytes), TimeSpan.FromMinutes(BinaryPrimitives.ReadInt16LittleEndian(bytes[8..])));
    }

    private static void WriteType(ref Writer writer, uint delta, Type value)
    {
        var spec = TypeSpec.Of(value);
        writer.Session.Pool.Manifest.Check(spec);
        writer.WriteBytes(delta, WireType.Bytes, spec.Bytes);
    }

    private static byte[] ReadBytes(ref Reader reader, WireType wire)
    {
        if (wire != WireType.Bytes)
        {
            SerializerLimits.ThrowWireType(wire, typeof(byte[]));
        }

        var bytes = new byte[reader.ReadLength()];
        reader.ReadRaw(bytes);
        return bytes;
    }

    private static string ReadText(ref Reader reader, WireType wire)
    {
        if (wire != WireType.Bytes)
        {
            SerializerLimits.ThrowWireType(wire, typeof(string));
        }

        return reader.ReadText();
    }

    private static (string?, string[]?)[] NamesAndValues(NameValueCollection value) =>
        [.. Enumerable.Range(0, value.Count).Select(index => (value.GetKey(index), value.GetValues(index)))];

    private static NameValueCollection FromNamesAndValues((string?, string[]?)[] entries)
    {
        var value = new NameValueCollection();
        foreach (var (name, values) in entries)
        {
            foreach (var item in values ?? [])
            {
                value.Add(name, item);
            }
        }

        return value;
    }
}
