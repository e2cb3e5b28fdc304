using Microsoft.Win32.SafeHandles;

namespace Dpark.Shuffle;

/// <summary>Consecutive buckets of one map output, as parts of an open file or in memory. Used by one thread.</summary>
public sealed class MapOutputSlice : IDisposable
{
    private readonly FilePart[] _parts = [];
    private OutputBytes? _held;

    internal MapOutputSlice(SafeFileHandle file, FilePart[] parts)
    {
        File = file;
        _parts = parts;
        Length = FilePart.LengthOf(parts);
    }

    /// <param name="output">Held by the caller; the slice releases it.</param>
    internal MapOutputSlice(OutputBytes output, FilePart part)
    {
        _held = output;
        Bytes = output.Bytes.Slice((int)part.Offset, (int)part.Length);
        Length = part.Length;
    }

    /// <summary>The open file, which can be read after it was deleted. <see langword="null"/> if the buckets are in memory.</summary>
    public SafeFileHandle? File { get; }

    /// <summary>Where the buckets are in the file, in its order; nothing in memory.</summary>
    public ReadOnlyMemory<FilePart> Parts => _parts;

    /// <summary>The buckets, if there is no file. Valid until the slice is disposed.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

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
