using Dpark.Codecs;

namespace Dpark.Broadcasting;

/// <summary>How content that is larger than one piece is cut: each piece is a block of its own, so that workers can fetch them from each other before any of them has all.</summary>
internal static class BroadcastPieces
{
    /// <summary>4 MiB. Smaller content is one block.</summary>
    public const int PieceBytes = 4 << 20;

    /// <summary>The name of the block of a piece, such as <c>broadcast-2.17</c>.</summary>
    public static string NameOf(string name, int index) => FormattableString.Invariant($"{name}.{index}");

    /// <summary>Pieces of content of a length; 0 if it is not cut.</summary>
    public static int CountOf(int length) => length <= PieceBytes ? 0 : ((length - 1) / PieceBytes) + 1;

    /// <summary>CRC32C of each piece; empty if the content is not cut.</summary>
    public static uint[] Sum(ReadOnlySpan<byte> content)
    {
        var sums = new uint[CountOf(content.Length)];
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] = Crc32C.Of(content[RangeOf(content.Length, i)]);
        }

        return sums;
    }

    /// <summary>Where a piece is.</summary>
    public static Range RangeOf(int length, int index) => (index * PieceBytes)..(int)Math.Min(length, ((long)index + 1) * PieceBytes);

    /// <summary>Whether a piece is in a set of pieces, eight to a byte, the first in the lowest bit.</summary>
    /// <param name="pieces"><see langword="null"/> is the set of all.</param>
    public static bool Has(byte[]? pieces, int index) => pieces is null || (index >> 3 < pieces.Length && (pieces[index >> 3] >> (index & 7) & 1) != 0);

    /// <summary>Adds a piece to a set that is long enough.</summary>
    public static void Add(byte[] pieces, int index) => pieces[index >> 3] |= (byte)(1 << (index & 7));

    /// <summary>An empty set for so many pieces.</summary>
    public static byte[] NewSet(int count) => new byte[(count + 7) >> 3];

    /// <summary>What is in either of two sets.</summary>
    public static byte[]? Union(byte[]? one, byte[]? other)
    {
        if (one is null || other is null)
        {
            return null;
        }

        var union = new byte[Math.Max(one.Length, other.Length)];
        for (var i = 0; i < union.Length; i++)
        {
            union[i] = (byte)((i < one.Length ? one[i] : 0) | (i < other.Length ? other[i] : 0));
        }

        return union;
    }
}
