using Microsoft.Win32.SafeHandles;

namespace Dpark.Shuffle;

/// <summary>A spill file that has no name any more. Used by one thread.</summary>
/// <param name="onClosed">Called when its space is free.</param>
internal sealed class SpillFile(SafeFileHandle file, BucketStarts starts, Action onClosed) : IDisposable
{
    /// <summary>Bytes of all buckets.</summary>
    public long Length => starts.Length;

    /// <summary>Bytes of one bucket.</summary>
    public long BytesOf(int bucket) => FilePart.LengthOf(starts.PartsOf(bucket, 1));

    /// <summary>Opens one bucket. Disposing it leaves the file open.</summary>
    public BucketSource Open(int bucket) => new FileBucketSource(file, starts.PartsOf(bucket, 1), ownsFile: false);

    /// <summary>Closes the file, and its space is free.</summary>
    public void Dispose()
    {
        if (!file.IsClosed)
        {
            file.Dispose();
            onClosed();
        }
    }
}
