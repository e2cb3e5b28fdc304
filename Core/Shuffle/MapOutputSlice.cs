using Microsoft.Win32.SafeHandles;

namespace Dpark.Shuffle;

/// <summary>Consecutive buckets of one map output, as part of an open file or in memory. Used by one thread.</summary>
public sealed class MapOutputSlice : IDisposable
{
    internal MapOutputSlice(SafeFileHandle file, long offset, long length)
    {
        File = file;
        Offset = offset;
        Length = length;
    }

    internal MapOutputSlice(ReadOnlyMemory<byte> bytes)
    {
        Bytes = bytes;
        Length = bytes.Length;
    }

    /// <summary>The open file, which can be read after it was deleted. <see langword="null"/> if the buckets are in memory.</summary>
    public SafeFileHandle? File { get; }

    /// <summary>The buckets, if there is no file.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Where the buckets start in the file; 0 in memory.</summary>
    public long Offset { get; }

    /// <summary>Bytes of the buckets.</summary>
    public long Length { get; }

    /// <summary>Closes the file.</summary>
    public void Dispose() => File?.Dispose();
}
