using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Dpark.Text;

/// <summary>Names of bytes by their content, as lower-case hexadecimal digits. The kind of a name follows from its length.</summary>
internal static class ContentHash
{
    /// <summary>The digits of <see cref="Of"/>.</summary>
    private const int ShortLength = 32;

    // The fractional parts of the square roots of 11, 13, 17, 19, 23 and 29, made odd.
    private const ulong C0 = 0x510E_527F_ADE6_82D1;
    private const ulong C1 = 0x9B05_688C_2B3E_6C1F;
    private const ulong C2 = 0x1F83_D9AB_FB41_BD6B;
    private const ulong C3 = 0x5BE0_CD19_137E_2179;
    private const ulong C4 = 0xCBBB_9D5D_C105_9ED9;
    private const ulong C5 = 0x629A_292A_367C_D507;

    /// <summary>
    /// 128 bits, 32 digits. For what one application names for itself: not made to withstand somebody who looks for two contents of one name. The cryptographic library
    /// takes 10 ms to load.
    /// </summary>
    public static string Of(ReadOnlySpan<byte> bytes)
    {
        var first = (ulong)bytes.Length ^ C0;
        var second = (ulong)bytes.Length ^ C1;
        var rest = bytes;
        for (; rest.Length >= 16; rest = rest[16..])
        {
            Mix(BinaryPrimitives.ReadUInt64LittleEndian(rest), BinaryPrimitives.ReadUInt64LittleEndian(rest[8..]), ref first, ref second);
        }

        Span<byte> block = stackalloc byte[16];
        block.Clear();
        rest.CopyTo(block);
        Mix(BinaryPrimitives.ReadUInt64LittleEndian(block), BinaryPrimitives.ReadUInt64LittleEndian(block[8..]), ref first, ref second);
        BinaryPrimitives.WriteUInt64LittleEndian(block, Fold(first ^ C4, second ^ C5));
        BinaryPrimitives.WriteUInt64LittleEndian(block[8..], Fold(second ^ C2, first ^ C3));
        return LowerHex.Of(block);
    }

    /// <summary>SHA-256, 64 digits.</summary>
    public static string Sha256Of(ReadOnlySpan<byte> bytes) => LowerHex.Of(SHA256.HashData(bytes));

    /// <summary>Whether bytes have a name of either kind.</summary>
    public static bool Matches(ReadOnlySpan<byte> bytes, string hash) =>
        string.Equals(hash.Length == ShortLength ? Of(bytes) : Sha256Of(bytes), hash, StringComparison.OrdinalIgnoreCase);

    // Two hashes of the same words, which differ in their constants and in what is mixed with what.
    private static void Mix(ulong left, ulong right, ref ulong first, ref ulong second)
    {
        first = Fold(left ^ C2, right ^ first);
        second = Fold(right ^ C3, left ^ second);
    }

    // The operands are kept, so that a zero does not wipe out the other one.
    private static ulong Fold(ulong a, ulong b)
    {
        var high = Math.BigMul(a, b, out ulong low);
        return high ^ low ^ a ^ b;
    }
}
