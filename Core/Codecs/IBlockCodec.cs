namespace Dpark.Codecs;

/// <summary>Compresses blocks of bytes. Stateless and thread-safe.</summary>
public interface IBlockCodec
{
    /// <summary>What workers agree on, such as <c>lz4</c>.</summary>
    string Name { get; }

    /// <summary>Most bytes that a block of <paramref name="length"/> bytes can become.</summary>
    int MaxEncodedLength(int length);

    /// <summary>Compresses a block.</summary>
    /// <returns>Bytes written; 0 if <paramref name="target"/> is too short for the result.</returns>
    int Encode(ReadOnlySpan<byte> source, Span<byte> target);

    /// <summary>Decompresses a block of known length.</summary>
    /// <param name="target">Exactly as long as the block was.</param>
    /// <exception cref="InvalidDataException">The bytes are damaged, or the block had another length.</exception>
    void Decode(ReadOnlySpan<byte> source, Span<byte> target);
}
