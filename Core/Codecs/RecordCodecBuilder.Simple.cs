using System.Numerics;
using System.Text;
using Dpark.Text;

namespace Dpark.Codecs;

internal sealed partial class RecordCodecBuilder
{
    /// <summary>The codec of a type that holds no others; <see langword="null"/> for the rest. Needs no reflection, so that a first small job is quick.</summary>
    private static RecordCodec<T>? CreateSimple<T>()
    {
        if (typeof(T) == typeof(string))
        {
            return (RecordCodec<T>)(object)new StringCodec();
        }

        return !typeof(T).IsValueType || typeof(T).IsEnum ? CreateText<T>() : (RecordCodec<T>?)(CreateNumber<T>() ?? CreateTime<T>() ?? CreateBytes<T>());
    }

    private static object? CreateNumber<T>()
    {
        if (typeof(T) == typeof(int))
        {
            return new IntegerCodec<int, int>("i32");
        }

        if (typeof(T) == typeof(long))
        {
            return new IntegerCodec<long, long>("i64");
        }

        if (typeof(T) == typeof(double))
        {
            return new FixedCodec<double>("f64");
        }

        return Type.GetTypeCode(typeof(T)) switch
        {
            TypeCode.Boolean => new CheckedFixedCodec<bool, ValueChecks>("bool"),
            TypeCode.Char => new FixedCodec<char>("char"),
            TypeCode.SByte => new FixedCodec<sbyte>("i8"),
            TypeCode.Byte => new FixedCodec<byte>("u8"),
            TypeCode.Int16 => new FixedCodec<short>("i16"),
            TypeCode.UInt16 => new FixedCodec<ushort>("u16"),
            TypeCode.UInt32 => new IntegerCodec<uint, uint>("u32"),
            TypeCode.UInt64 => new IntegerCodec<ulong, ulong>("u64"),
            TypeCode.Single => new FixedCodec<float>("f32"),
            TypeCode.Decimal => new CheckedFixedCodec<decimal, ValueChecks>("decimal"),
            TypeCode.DateTime => new CheckedFixedCodec<DateTime, ValueChecks>("datetime"),
            _ => null,
        };
    }

    private static object? CreateTime<T>()
    {
        if (typeof(T) == typeof(TimeSpan))
        {
            return new FixedCodec<TimeSpan>("timespan");
        }

        if (typeof(T) == typeof(DateTimeOffset))
        {
            return new DateTimeOffsetCodec();
        }

        if (typeof(T) == typeof(DateOnly))
        {
            return new CheckedFixedCodec<DateOnly, ValueChecks>("date");
        }

        if (typeof(T) == typeof(TimeOnly))
        {
            return new CheckedFixedCodec<TimeOnly, ValueChecks>("time");
        }

        if (typeof(T) == typeof(Guid))
        {
            return new FixedCodec<Guid>("guid");
        }

        if (typeof(T) == typeof(Half))
        {
            return new FixedCodec<Half>("f16");
        }

        if (typeof(T) == typeof(Int128))
        {
            return new FixedCodec<Int128>("i128");
        }

        if (typeof(T) == typeof(UInt128))
        {
            return new FixedCodec<UInt128>("u128");
        }

        if (typeof(T) == typeof(BigInteger))
        {
            return new BigIntegerCodec();
        }

        return typeof(T) == typeof(Rune) ? new CheckedFixedCodec<Rune, ValueChecks>("rune") : null;
    }

    private static object? CreateBytes<T>()
    {
        if (typeof(T) == typeof(Utf8Text))
        {
            return new Utf8TextCodec();
        }

        return typeof(T) == typeof(ByteSlice) ? new ByteSliceCodec() : null;
    }

    private static RecordCodec<T>? CreateText<T>()
    {
        if (typeof(T) == typeof(Uri))
        {
            return (RecordCodec<T>)(object)new UriCodec();
        }

        return typeof(T) == typeof(Version) ? (RecordCodec<T>)(object)new VersionCodec() : null;
    }

    private static object CreateEnum(Type type)
    {
        var number = Enum.GetUnderlyingType(type);
        var codec = Type.GetTypeCode(number) is TypeCode.Int32 or TypeCode.UInt32 or TypeCode.Int64 or TypeCode.UInt64
            ? typeof(IntegerCodec<,>).MakeGenericType(type, number)
            : typeof(FixedCodec<>).MakeGenericType(type);
        return Activator.CreateInstance(codec, EnumShape(type))!;
    }

    private static string EnumShape(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.SByte => "i8",
        TypeCode.Byte => "u8",
        TypeCode.Int16 => "i16",
        TypeCode.UInt16 => "u16",
        TypeCode.UInt32 => "u32",
        TypeCode.Int64 => "i64",
        TypeCode.UInt64 => "u64",
        _ => "i32",
    };
}
