namespace Dpark.Codecs;

/// <summary>LZ4 blocks. What does the work is <see cref="Lz4Native"/>, one for each runtime of the build.</summary>
internal sealed class Lz4BlockCodec : IBlockCodec
{
    /// <summary>Its name.</summary>
    public const string CodecName = "lz4";

    public static readonly Lz4BlockCodec Instance = new();

    /// <summary>Whether this process can use LZ4.</summary>
    public static bool IsAvailable => Lz4Native.IsAvailable;

    public string Name => CodecName;

    public int MaxEncodedLength(int length) => length + (length / 255) + 16;

    public int Encode(ReadOnlySpan<byte> source, Span<byte> target) => Math.Max(Lz4Native.Encode(source, target), 0);

    public void Decode(ReadOnlySpan<byte> source, Span<byte> target)
    {
        var length = Lz4Native.Decode(source, target, dictionary: default);
        if (length != target.Length)
        {
            throw new InvalidDataException($"An LZ4 block of {source.Length} bytes does not decompress to {target.Length} bytes. It is damaged.");
        }
    }
}
