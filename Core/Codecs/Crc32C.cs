using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Dpark.Codecs;

/// <summary>The Castagnoli checksum (polynomial 0x1EDC6F41, reflected, inverted at both ends). Uses the processor's instruction where there is one.</summary>
/// <remarks>
/// An instruction waits for the one before it for three cycles, and one can start in each. So three lanes of a long input are computed side by side. The checksum is linear:
/// that of two parts is that of the second, plus that of the first moved over as many zeros as the second has bytes (<see cref="LaneShift"/>). As in M. Adler's crc32c.c of 2013.
/// </remarks>
internal static class Crc32C
{
    private const int LaneBytes = 1024;
    private const int LaneCount = 3;

    /// <summary>The checksum of bytes. <c>123456789</c> gives 0xE3069283.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes) => Append(0, bytes);

    /// <summary>The checksum of what <paramref name="crc"/> is the checksum of, followed by these bytes.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        ref var start = ref MemoryMarshal.GetReference(bytes);
        nuint offset = 0;
        for (; (nuint)bytes.Length - offset >= LaneCount * LaneBytes; offset += LaneCount * LaneBytes)
        {
            crc = AppendLanes(crc, ref Unsafe.Add(ref start, offset));
        }

        for (; offset + sizeof(ulong) <= (nuint)bytes.Length; offset += sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, WordAt(ref start, offset));
        }

        for (; offset < (nuint)bytes.Length; offset++)
        {
            crc = BitOperations.Crc32C(crc, Unsafe.Add(ref start, offset));
        }

        return ~crc;
    }

    private static uint AppendLanes(uint crc, ref byte start)
    {
        var (second, third) = (0u, 0u);
        for (nuint offset = 0; offset < LaneBytes; offset += sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, WordAt(ref start, offset));
            second = BitOperations.Crc32C(second, WordAt(ref start, offset + LaneBytes));
            third = BitOperations.Crc32C(third, WordAt(ref start, offset + (2 * LaneBytes)));
        }

        return LaneShift.Apply(LaneShift.Apply(crc) ^ second) ^ third;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong WordAt(ref byte start, nuint offset)
    {
        var word = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref start, offset));
        return BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word);
    }

    /// <summary>Moves a checksum over as many zeros as a lane has bytes: a linear map, kept as what it makes of each value of each of the four bytes.</summary>
    private static class LaneShift
    {
        private static readonly uint[] s_table = Make();

        public static uint Apply(uint crc)
        {
            ref var table = ref MemoryMarshal.GetArrayDataReference(s_table);
            return Unsafe.Add(ref table, crc & 0xFF)
                ^ Unsafe.Add(ref table, 0x100 + ((crc >> 8) & 0xFF))
                ^ Unsafe.Add(ref table, 0x200 + ((crc >> 16) & 0xFF))
                ^ Unsafe.Add(ref table, 0x300 + (crc >> 24));
        }

        private static uint[] Make()
        {
            var table = new uint[4 * 256];
            for (var bit = 0; bit < 32; bit++)
            {
                var moved = 1u << bit;
                for (var i = 0; i < LaneBytes; i += sizeof(ulong))
                {
                    moved = BitOperations.Crc32C(moved, 0UL);
                }

                // What the bits of a byte make together is the sum of what each makes.
                var (first, ofByte) = (bit / 8 * 256, 1 << (bit % 8));
                for (var value = 0; value < 256; value++)
                {
                    table[first + value] ^= (value & ofByte) != 0 ? moved : 0;
                }
            }

            return table;
        }
    }
}
