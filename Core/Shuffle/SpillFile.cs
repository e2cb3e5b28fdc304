using Microsoft.Win32.SafeHandles;

namespace Dpark.Shuffle;

/// <summary>A spill file that has no name any more. Used by one thread.</summary>
/// <param name="onClosed">Called when its space is free.</param>
internal sealed class SpillFile(SafeFileHandle file, long[] offsets, Action onClosed) : IDisposable
{
    /// <summary>Bytes of all buckets.</summary>
    public long Length => offsets[^1] - offsets[0];

    /// <summary>Bytes of one bucket.</summary>
    public long BytesOf(int bucket) => offsets[bucket + 1] - offsets[bucket];

    /// <summary>Opens one bucket. Disposing it leaves the file open.</summary>
    public BucketSource Open(int bucket) => new FileBucketSource(file, offsets[bucket], BytesOf(bucket), ownsFile: false);

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
