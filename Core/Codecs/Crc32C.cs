using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Codecs;

/// <summary>The Castagnoli checksum (polynomial 0x1EDC6F41, reflected, inverted at both ends). Uses the processor's instruction where there is one.</summary>
internal static class Crc32C
{
    /// <summary>The checksum of bytes. <c>123456789</c> gives 0xE3069283.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>The checksum of what <paramref name="crc"/> is the checksum of, followed by these bytes.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        ref var start = ref MemoryMarshal.GetReference(bytes);
        nuint offset = 0;
        for (; offset + sizeof(ulong) <= (nuint)bytes.Length; offset += sizeof(ulong))
        {
            var word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, offset));
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(word));
        }

        for (; offset < (nuint)bytes.Length; offset++)
        {
            crc = BitOperations.Crc32C(crc, Unsafe.Add(ref start, offset));
        }

        return ~crc;
    }
}
