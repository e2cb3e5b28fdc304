namespace Dpark.Codecs;

/// <summary>The block codecs by name.</summary>
public static class BlockCodecs
{
    /// <summary>Stores blocks as they are.</summary>
    public static IBlockCodec None { get; } = new NoBlockCodec();

    /// <summary>LZ4 blocks, as the <c>lz4</c> program has them inside its frames.</summary>
    /// <exception cref="NotSupportedException">This machine has no LZ4: <c>no lz4 available</c>.</exception>
    public static IBlockCodec Lz4 => Lz4BlockCodec.IsAvailable ? Lz4BlockCodec.Instance : throw NotAvailable(Lz4BlockCodec.CodecName);

    /// <summary>The best codec that this machine has: what a process registers when it starts.</summary>
    public static IBlockCodec Preferred => Lz4BlockCodec.IsAvailable ? Lz4BlockCodec.Instance : None;

    /// <summary>The codec of a name, <c>none</c> or <c>lz4</c>.</summary>
    /// <exception cref="NotSupportedException">There is none of that name here: <c>no lz4 available</c>.</exception>
    public static IBlockCodec Get(string name) => name switch
    {
        NoBlockCodec.CodecName => None,
        Lz4BlockCodec.CodecName => Lz4,
        _ => throw NotAvailable(name),
    };

    private static NotSupportedException NotAvailable(string name) => new(
        $"no {name} available: this process cannot read blocks that are compressed with {name}. " +
        "Install the library (liblz4-1 on Debian), or let all processes use the codec 'none'.");
}

/// <inheritdoc cref="BlockCodecs.None"/>
internal sealed class NoBlockCodec : IBlockCodec
{
    /// <summary>Its name.</summary>
    public const string CodecName = "none";

    public string Name => CodecName;

    public int MaxEncodedLength(int length) => length;

    public int Encode(ReadOnlySpan<byte> source, Span<byte> target) => source.TryCopyTo(target) ? source.Length : 0;

    public void Decode(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (source.Length != target.Length)
        {
            throw new InvalidDataException($"A block of {source.Length} bytes is announced as {target.Length} bytes. It is damaged.");
        }

        source.CopyTo(target);
    }
}
