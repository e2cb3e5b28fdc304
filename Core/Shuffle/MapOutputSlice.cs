using Microsoft.Win32.SafeHandles;

namespace Dpark.Shuffle;

/// <summary>Consecutive buckets of one map output, as part of an open file. Used by one thread.</summary>
public sealed class MapOutputSlice : IDisposable
{
    internal MapOutputSlice(SafeFileHandle file, long offset, long length)
    {
        File = file;
        Offset = offset;
        Length = length;
    }

    /// <summary>The open file. It can be read after it was deleted.</summary>
    public SafeFileHandle File { get; }

    /// <summary>Where the buckets start in the file.</summary>
    public long Offset { get; }

    /// <summary>Bytes of the buckets.</summary>
    public long Length { get; }

    /// <summary>Closes the file.</summary>
    public void Dispose() => File.Dispose();
}
