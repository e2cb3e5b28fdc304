using K4os.Compression.LZ4;

namespace Dpark.Codecs;

/// <summary>LZ4 from a package. The build for the other runtime has the same class over the system's library.</summary>
internal static class Lz4Native
{
    /// <summary>Whether the library is there.</summary>
    public static bool IsAvailable => true;

    /// <summary>Compresses a block.</summary>
    /// <returns>Bytes written; 0 or less if <paramref name="target"/> is too short.</returns>
    public static int Encode(ReadOnlySpan<byte> source, Span<byte> target) => LZ4Codec.Encode(source, target);

    /// <summary>Decompresses a block.</summary>
    /// <param name="dictionary">Up to 64 KiB that precede the block in the text; mostly empty.</param>
    /// <returns>Bytes written; negative if the block is damaged or longer than <paramref name="target"/>.</returns>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> target, ReadOnlySpan<byte> dictionary) =>
        dictionary.IsEmpty ? LZ4Codec.Decode(source, target) : LZ4Codec.Decode(source, target, dictionary);
}
