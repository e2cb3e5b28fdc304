using System.Numerics;
using System.Runtime.CompilerServices;
using Dpark.Codecs;

namespace Dpark.Partitioning;

/// <summary>
/// DPark's <c>portable_hash</c>, bit for bit, so that data partitioned by DPark and by this library agree. Slower than <see cref="StableHash"/>: tuples box their
/// items. Hashes strings (by code point), byte arrays, integers, floating-point numbers, tuples of those, and null.
/// </summary>
public static class PortableHash
{
    private const long OfNull = 1315925605;
    private const long TextMultiplier = 1000003;
    private const long PositiveInfinity = 314159;
    private const ulong NumericModulus = (1UL << 61) - 1;

    /// <summary>The hash of one key.</summary>
    /// <exception cref="UnsupportedKeyTypeException">DPark does not hash values of this type; <see cref="bool"/> is one of them.</exception>
    public static long Of<T>(T value) => value switch
    {
        null => OfNull,
        string text => OfText(text),
        char character => OfText(character.ToString()),
        byte[] bytes => OfBytes(bytes),
        long number => OfInteger(number),
        int number => OfInteger(number),
        short number => OfInteger(number),
        sbyte number => OfInteger(number),
        ulong number => OfInteger(number),
        uint number => OfInteger(number),
        ushort number => OfInteger(number),
        byte number => OfInteger(number),
        BigInteger number => OfBigInteger(number),
        Int128 number => OfBigInteger(number),
        UInt128 number => OfBigInteger(number),
        double number => OfFloat(number),
        float number => OfFloat(number),
        ITuple tuple => OfTuple(tuple),
        _ => throw Refuse(value.GetType()),
    };

    /// <summary>Does nothing if DPark hashes keys of the type.</summary>
    /// <exception cref="UnsupportedKeyTypeException">It does not.</exception>
    public static void EnsureSupported<T>() => EnsureSupported(typeof(T));

    private static void EnsureSupported(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsAssignableTo(typeof(ITuple)) && type.IsGenericType)
        {
            Array.ForEach(type.GetGenericArguments(), EnsureSupported);
            return;
        }

        var isNumber = !type.IsEnum && Type.GetTypeCode(type) is >= TypeCode.SByte and <= TypeCode.Double;
        if (!isNumber && type != typeof(string) && type != typeof(char) && type != typeof(byte[]) && type != typeof(ValueTuple) &&
            type != typeof(BigInteger) && type != typeof(Int128) && type != typeof(UInt128))
        {
            throw Refuse(type);
        }
    }

    private static long OfText(string text)
    {
        var hash = 0L;
        var count = 0;
        for (var i = 0; i < text.Length; i++, count++)
        {
            // A lone surrogate counts as a character of its own.
            int codePoint = text[i];
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                codePoint = char.ConvertToUtf32(text[i], text[++i]);
            }

            hash = NextCharacter(hash, codePoint, count);
        }

        return End(hash ^ count);
    }

    private static long OfBytes(byte[] bytes)
    {
        var hash = 0L;
        for (var i = 0; i < bytes.Length; i++)
        {
            hash = NextCharacter(hash, (sbyte)bytes[i], i);
        }

        return End(hash ^ bytes.Length);
    }

    private static long NextCharacter(long hash, int character, int index) => (TextMultiplier * (index == 0 ? (long)character << 7 : hash)) ^ character;

    private static long OfTuple(ITuple tuple)
    {
        var hash = 0x345678L;
        var multiplier = 1000003L;
        for (var i = 0; i < tuple.Length; i++)
        {
            var left = tuple.Length - i - 1;
            hash = (hash ^ Of(tuple[i])) * multiplier;
            multiplier += 82520 + (2 * left);
        }

        return End(hash + 97531);
    }

    private static long OfInteger(long value)
    {
        var magnitude = value < 0 ? (ulong)-(value + 1) + 1 : (ulong)value;
        var hash = (long)(magnitude % NumericModulus);
        return End(value < 0 ? -hash : hash);
    }

    private static long OfInteger(ulong value) => (long)(value % NumericModulus);

    private static long OfBigInteger(BigInteger value) => End((long)BigInteger.Remainder(value, NumericModulus));

    // The number is a fraction of 61 bits times a power of two, and powers of two are rotations modulo 2^61 - 1.
    private static long OfFloat(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? 0 : value > 0 ? PositiveInfinity : -PositiveInfinity;
        }

        var bits = BitConverter.DoubleToInt64Bits(Math.Abs(value));
        var exponent = (int)(bits >> 52);
        var fraction = (ulong)bits & ((1UL << 52) - 1);
        fraction |= exponent == 0 ? 0 : 1UL << 52;
        var shift = (((Math.Max(exponent, 1) - 1075) % 61) + 61) % 61;
        var rotated = (UInt128)fraction << shift;
        var hash = (long)(ulong)(rotated % NumericModulus);
        return End(value < 0 ? -hash : hash);
    }

    // Python keeps -1 for errors.
    private static long End(long hash) => hash == -1 ? -2 : hash;

    private static UnsupportedKeyTypeException Refuse(Type type) => new(
        $"{RecordTypeNames.Of(type)} cannot be hashed the way DPark does it. Use strings, integers, floating-point numbers or tuples of those as keys, " +
        "or a partitioner with StableHash.",
        RecordTypeNames.Of(type));
}
