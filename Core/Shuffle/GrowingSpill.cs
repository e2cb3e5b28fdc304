using Dpark.Storage;
using Microsoft.Win32.SafeHandles;

namespace Dpark.Shuffle;

/// <summary>
/// What one task spills bit by bit, all with the same buckets, in one file as long as its disk takes it: to make a file takes longer than to write a few hundred kilobytes. Used by the
/// attempt's thread.
/// </summary>
/// <param name="what">What is written, for errors.</param>
internal sealed class GrowingSpill(WorkFiles files, string what, string subdirectory, int bucketCount, int shape) : IDisposable
{
    private readonly List<SpillFile> _ended = [];
    private Place? _place;

    /// <summary>Appends a spill.</summary>
    /// <param name="write">Appends all buckets. Called again if a disk failed and there is another one.</param>
    /// <exception cref="IOException">No disk could take it.</exception>
    public void Append(Action<ShuffleFileWriter> write)
    {
        if (_place is not null && files.TryGoOn(_place.Root, () => _place.Append(write)))
        {
            return;
        }

        // What the other file has stays there.
        EndPlace();
        _place = files.Write(what, subdirectory, (root, directory) => Start(root, Path.Combine(directory, files.NewTemporaryName("spill")), write));
    }

    /// <summary>Ends the spilling.</summary>
    /// <returns>The files, the oldest first; none, if nothing was appended. The caller disposes them.</returns>
    public SpillFile[] Complete()
    {
        EndPlace();
        SpillFile[] ended = [.. _ended];
        _ended.Clear();
        return ended;
    }

    /// <summary>Gives up what is not complete.</summary>
    public void Dispose()
    {
        EndPlace();
        _ended.ForEach(file => file.Dispose());
        _ended.Clear();
    }

    private Place Start(string root, string path, Action<ShuffleFileWriter> write)
    {
        var place = new Place(files.Quota, root, path, bucketCount, shape);
        try
        {
            place.Append(write);
            return place;
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    private void EndPlace()
    {
        if (_place?.TryEnd() is { } file)
        {
            _ended.Add(file);
        }

        _place?.Dispose();
        _place = null;
    }

    /// <summary>The file on one disk. It loses its name at once, so that a crash leaves none behind.</summary>
    private sealed class Place : IDisposable
    {
        private readonly ShuffleFileWriter _writer;
        private readonly SafeFileHandle _file;
        private readonly DiskQuota _quota;
        private readonly int _bucketCount;
        private int _segmentCount;
        private long _charged;

        // The file is somebody else's, and with it what it counts for.
        private bool _isEnded;

        public Place(DiskQuota quota, string root, string path, int bucketCount, int shape)
        {
            (_quota, Root, _bucketCount) = (quota, root, bucketCount);
            _writer = new ShuffleFileWriter(path, bucketCount, shape);
            try
            {
                _file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            }
            catch
            {
                _writer.Dispose();
                throw;
            }
            finally
            {
                WorkFiles.DeleteFile(path);
            }
        }

        public string Root { get; }

        public void Append(Action<ShuffleFileWriter> write)
        {
            write(_writer);
            _writer.EndSegment();
            _quota.Charge(Root, _writer.Position - _charged);
            _charged = _writer.Position;
            _segmentCount++;
        }

        /// <returns>What was appended as a whole, in the file; <see langword="null"/> if that is nothing.</returns>
        public SpillFile? TryEnd()
        {
            if (_segmentCount == 0)
            {
                return null;
            }

            _isEnded = true;
            return new SpillFile(_file, new BucketStarts(_bucketCount, _writer.StartsOf(_segmentCount)), () => _quota.Release(Root, _charged));
        }

        public void Dispose()
        {
            _writer.Dispose();
            if (!_isEnded)
            {
                _file.Dispose();
                _quota.Release(Root, _charged);
            }
        }
    }
}
