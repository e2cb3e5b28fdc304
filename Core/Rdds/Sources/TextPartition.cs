namespace Dpark.Rdds.Sources;

/// <summary>Bytes of one file, from <paramref name="Begin"/> up to, not including, <paramref name="End"/>: the lines whose first byte is there.</summary>
/// <param name="Path">Full path, which workers open.</param>
/// <param name="IsCompressed">The file is gzip, and read as a whole; <paramref name="End"/> is its compressed length.</param>
internal readonly record struct TextPiece(string Path, long Begin, long End, bool IsCompressed);

/// <summary>Pieces of files that one task reads, in order.</summary>
internal sealed class TextPartition(int index, TextPiece[] pieces) : Partition(index)
{
    public TextPiece[] Pieces { get; } = pieces;
}
