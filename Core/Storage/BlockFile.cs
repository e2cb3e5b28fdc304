namespace Dpark.Storage;

/// <summary>A block on disk, with the checksums of its pieces.</summary>
/// <param name="Root">The work directory that it counts for.</param>
/// <param name="Checksums">CRC32C of each <see cref="PieceBytes"/>, the last one of what is left.</param>
internal sealed record BlockFile(string Root, string Path, long Length, uint[] Checksums)
{
    /// <summary>64 KiB: 4 bytes of memory for each.</summary>
    public const int PieceBytes = 64 << 10;
}
