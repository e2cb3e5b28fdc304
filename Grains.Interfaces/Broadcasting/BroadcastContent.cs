using Dpark.Workers;

namespace Dpark.Broadcasting;

/// <summary>Something published, and where its bytes are.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="Inline">The bytes themselves, if they are at most <see cref="MaxInlineBytes"/>; else <see langword="null"/>.</param>
/// <param name="Holders">Workers whose block servers have the bytes as a block, latest first. Empty if they are inline.</param>
[GenerateSerializer, Immutable, Alias("dpark.BroadcastContent")]
public sealed record BroadcastContent(
    [property: Id(0)] long Length, [property: Id(1)] byte[]? Inline, [property: Id(2)] BroadcastHolder[] Holders)
{
    /// <summary>64 KiB. Larger content travels between block servers.</summary>
    public const int MaxInlineBytes = 64 << 10;

    /// <summary>
    /// CRC32C of each piece of 4 MiB, the last one of what is left, if the content is cut: then each piece is a block, with the content's name, a dot and the number of the
    /// piece, from 0. Empty if the content is one block.
    /// </summary>
    [Id(3)]
    public uint[] PieceChecksums { get; init; } = [];
}

/// <summary>A worker that has published content as a block of the same name.</summary>
/// <param name="Endpoint">Host and port of its block server.</param>
[GenerateSerializer, Immutable, Alias("dpark.BroadcastHolder")]
public sealed record BroadcastHolder([property: Id(0)] WorkerId Worker, [property: Id(1)] string Endpoint)
{
    /// <summary>Which pieces it has, eight to a byte, the first in the lowest bit; <see langword="null"/>: all.</summary>
    [Id(2)]
    public byte[]? Pieces { get; init; }
}
