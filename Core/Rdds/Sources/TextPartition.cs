namespace Dpark.Rdds.Sources;

/// <summary>Bytes of one file, from <paramref name="Begin"/> up to, not including, <paramref name="End"/>: the lines whose first byte is there.</summary>
/// <param name="Path">Full path, which workers open.</param>
/// <param name="IsCompressed">The file is gzip. Positions are those of the content, unless it is read as a whole: then <paramref name="End"/> is its compressed
/// length.</param>
internal readonly record struct TextPiece(string Path, long Begin, long End, bool IsCompressed)
{
    /// <summary>Of a piece of a compressed file: where the member begins that has the byte before the piece.</summary>
    public long StoredBegin { get; init; }

    /// <summary>Of a piece of a compressed file: the position in the content where that member begins.</summary>
    public long ContentBegin { get; init; }

    /// <summary>Whether it is a compressed file that cannot be cut.</summary>
    public bool IsWhole { get; init; }
}

/// <summary>Pieces of files that one task reads, in order.</summary>
internal class TextPartition(int index, TextPiece[] pieces) : Partition(index)
{
    public TextPiece[] Pieces { get; } = pieces;
}
