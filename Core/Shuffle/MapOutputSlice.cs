using Microsoft.Win32.SafeHandles;

namespace Dpark.Shuffle;

/// <summary>Consecutive buckets of one map output, as part of an open file or in memory. Used by one thread.</summary>
public sealed class MapOutputSlice : IDisposable
{
    private OutputBytes? _held;

    internal MapOutputSlice(SafeFileHandle file, long offset, long length)
    {
        File = file;
        Offset = offset;
        Length = length;
    }

    /// <param name="output">Held by the caller; the slice releases it.</param>
    internal MapOutputSlice(OutputBytes output, long offset, long length)
    {
        _held = output;
        Bytes = output.Bytes.Slice((int)offset, (int)length);
        Length = length;
    }

    /// <summary>The open file, which can be read after it was deleted. <see langword="null"/> if the buckets are in memory.</summary>
    public SafeFileHandle? File { get; }

    /// <summary>The buckets, if there is no file. Valid until the slice is disposed.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Where the buckets start in the file; 0 in memory.</summary>
    public long Offset { get; }

    /// <summary>Bytes of the buckets.</summary>
    public long Length { get; }

    /// <summary>Closes the file, or lets go of the memory.</summary>
    public void Dispose()
    {
        File?.Dispose();
        _held?.Release();
        _held = null;
    }
}
