using Dpark.Text;

namespace Dpark.Sorting;

/// <summary>Makes the prefixes of key types.</summary>
internal static class SortPrefixes
{
    /// <summary>The prefix of a key type; <see langword="null"/> if there is none.</summary>
    public static SortPrefix<TKey>? Create<TKey>() => (SortPrefix<TKey>?)Create(typeof(TKey));

    private static object? Create(Type type)
    {
        if (type.IsEnum)
        {
            return null;
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTuple<,>))
        {
            return CreatePair(type.GetGenericArguments());
        }

        return CreateNumber(type) ?? CreateTime(type) ?? CreateText(type);
    }

    private static object? CreateNumber(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Int64 => new SimplePrefix<long, KeyPrefixes>(64, isExact: true),
        TypeCode.UInt64 => new SimplePrefix<ulong, KeyPrefixes>(64, isExact: true),
        TypeCode.Int32 => new SimplePrefix<int, KeyPrefixes>(32, isExact: true),
        TypeCode.UInt32 => new SimplePrefix<uint, KeyPrefixes>(32, isExact: true),
        TypeCode.Int16 => new SimplePrefix<short, KeyPrefixes>(16, isExact: true),
        TypeCode.UInt16 => new SimplePrefix<ushort, KeyPrefixes>(16, isExact: true),
        TypeCode.SByte => new SimplePrefix<sbyte, KeyPrefixes>(8, isExact: true),
        TypeCode.Byte => new SimplePrefix<byte, KeyPrefixes>(8, isExact: true),
        TypeCode.Char => new SimplePrefix<char, KeyPrefixes>(16, isExact: true),
        TypeCode.Boolean => new SimplePrefix<bool, KeyPrefixes>(1, isExact: true),
        TypeCode.Double => new SimplePrefix<double, KeyPrefixes>(64, isExact: true),
        TypeCode.Single => new SimplePrefix<float, KeyPrefixes>(64, isExact: true),
        _ => null,
    };

    private static object? CreateTime(Type type)
    {
        if (type == typeof(DateTime))
        {
            return new SimplePrefix<DateTime, KeyPrefixes>(64, isExact: true);
        }

        if (type == typeof(DateTimeOffset))
        {
            return new SimplePrefix<DateTimeOffset, KeyPrefixes>(64, isExact: true);
        }

        if (type == typeof(TimeSpan))
        {
            return new SimplePrefix<TimeSpan, KeyPrefixes>(64, isExact: true);
        }

        if (type == typeof(DateOnly))
        {
            return new SimplePrefix<DateOnly, KeyPrefixes>(32, isExact: true);
        }

        return type == typeof(TimeOnly) ? new SimplePrefix<TimeOnly, KeyPrefixes>(64, isExact: true) : null;
    }

    private static object? CreateText(Type type)
    {
        if (type == typeof(string))
        {
            return new SimplePrefix<string?, KeyPrefixes>(64, isExact: false);
        }

        if (type == typeof(Utf8Text))
        {
            return new SimplePrefix<Utf8Text, KeyPrefixes>(64, isExact: false);
        }

        return type == typeof(ByteSlice) ? new SimplePrefix<ByteSlice, KeyPrefixes>(64, isExact: false) : null;
    }

    private static object? CreatePair(Type[] items) => Create(items[0]) is { } first
        ? Activator.CreateInstance(typeof(PairPrefix<,>).MakeGenericType(items), first, Create(items[1]))
        : null;
}
