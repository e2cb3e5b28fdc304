using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Dpark.Codecs;

/// <summary>Encoded bytes that record codecs read from front to back. Every read is checked against what is left before anything is allocated.</summary>
public ref struct RecordInput
{
    private ReadOnlySpan<byte> _rest;

    /// <summary>Starts at the first byte.</summary>
    public RecordInput(ReadOnlySpan<byte> bytes) => _rest = bytes;

    /// <summary>Bytes not read yet.</summary>
    public readonly int Remaining => _rest.Length;

    /// <summary>How many recursive types are being decoded inside each other.</summary>
    internal int Depth { get; set; }

    /// <summary>Where texts and slices of bytes are copied to; <see langword="null"/> gives each column memory of its own.</summary>
    internal Text.ByteArena? Arena { get; set; }

    /// <summary>Reads one byte.</summary>
    /// <exception cref="InvalidDataException">Nothing is left.</exception>
    public byte ReadByte() => ReadBytes(1)[0];

    /// <summary>Reads 4 bytes, little-endian.</summary>
    /// <exception cref="InvalidDataException">Fewer are left.</exception>
    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(ReadBytes(4));

    /// <summary>Reads bytes without copying them.</summary>
    /// <exception cref="InvalidDataException">Fewer than <paramref name="count"/> are left, or it is negative.</exception>
    public ReadOnlySpan<byte> ReadBytes(long count)
    {
        if ((ulong)count > (ulong)_rest.Length)
        {
            RecordErrors.ThrowTruncated(count, _rest.Length);
        }

        var bytes = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return bytes;
    }

    /// <summary>Checks that a number of values can be in what is left.</summary>
    /// <param name="leastBits">Fewest bits that one takes.</param>
    /// <exception cref="InvalidDataException">They cannot.</exception>
    internal readonly int CheckCount(long count, int leastBits)
    {
        if (count < 0 || count > Math.Min(8L * _rest.Length / leastBits, Array.MaxLength))
        {
            RecordErrors.ThrowTooMany(count, _rest.Length);
        }

        return (int)count;
    }
}

/// <summary>What goes wrong with encoded records, so that the messages are read side by side.</summary>
internal static class RecordErrors
{
    [DoesNotReturn]
    public static void ThrowTruncated(long wanted, int left) => throw new InvalidDataException(
        $"Encoded records end too early: {wanted} bytes are announced and {left} are left. The block is damaged or was cut short.");

    [DoesNotReturn]
    public static void ThrowTooMany(long count, int left) => throw new InvalidDataException(
        $"Encoded records announce {count} elements, and the {left} bytes that are left cannot hold them. The block is damaged.");

    [DoesNotReturn]
    public static void ThrowDamaged(string what) => throw new InvalidDataException($"Encoded records hold {what}. The block is damaged.");

    [DoesNotReturn]
    public static void ThrowTooDeep(Type type, int limit) => throw new InvalidOperationException(
        $"An object of {RecordTypeNames.Of(type)} refers to others of its type more than {limit} levels deep, or to itself. " +
        "Records are trees of values: flatten long chains into an array.");

    [DoesNotReturn]
    public static void ThrowDerived(Type declared, Type actual) => throw new UnsupportedRecordTypeException(
        $"A record holds a {RecordTypeNames.Of(actual)} where {RecordTypeNames.Of(declared)} is declared. " +
        "Records are coded as exactly the declared type: declare the derived type, or copy it to the base type.",
        RecordTypeNames.Of(declared));
}
