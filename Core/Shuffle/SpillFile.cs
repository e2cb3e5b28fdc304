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

/// <summary>One bucket of several spill files, one after the other: a file has little of it, so nothing is made for each file. Disposing it leaves the files open.</summary>
internal sealed class SpilledBucketSource(IReadOnlyList<SpillFile> files, int bucket) : BucketSource
{
    private BucketSource? _current;
    private int _nextFile;
    private long _unread;

    public override long Length { get; } = LengthOf(files, bucket);

    /// <summary>Bytes of one bucket in all of the files.</summary>
    public static long LengthOf(IReadOnlyList<SpillFile> files, int bucket)
    {
        var bytes = 0L;
        foreach (var file in files)
        {
            bytes += file.BytesOf(bucket);
        }

        return bytes;
    }

    public override int Read(Memory<byte> buffer)
    {
        while (_unread == 0)
        {
            if (_nextFile == files.Count)
            {
                return 0;
            }

            _current?.Dispose();
            _current = files[_nextFile++].Open(bucket);
            _unread = _current.Length;
        }

        var read = _current!.Read(buffer);
        _unread -= read;
        return read;
    }

    public override void Dispose() => _current?.Dispose();
}
