using System.Buffers.Binary;

namespace Orleans.Runtime;

/// <summary>The hash of ids: the same in every process and on every machine. Good bits everywhere, no protection against chosen keys.</summary>
internal static class IdHash
{
    private const ulong Multiplier = 0x9E3779B97F4A7C15;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var hash = (ulong)bytes.Length * Multiplier;
        while (bytes.Length >= sizeof(ulong))
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        ulong tail = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            tail |= (ulong)bytes[i] << (8 * i);
        }

        hash = Mix(hash ^ tail);
        return (uint)(hash ^ (hash >> 32));
    }

    public static uint Combine(uint first, uint second) => (uint)(Mix(((ulong)first << 32) | second) >> 16);

    private static ulong Mix(ulong value)
    {
        value *= Multiplier;
        return (value ^ (value >> 29)) * 0xBF58476D1CE4E5B9;
    }
}
