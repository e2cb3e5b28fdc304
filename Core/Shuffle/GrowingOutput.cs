using Dpark.Storage;

namespace Dpark.Shuffle;

/// <summary>
/// A file of a map output while its task writes it, segment by segment, so that the task need not keep what is written. It has a temporary name until it is complete. Used by the
/// attempt's thread.
/// </summary>
/// <remarks>
/// If a disk takes a segment no more, the file goes on on another one: what is written already is copied there, and the segment is still in memory. A file that is not completed is
/// deleted, and one that a crash left is never looked at.
/// </remarks>
/// <param name="what">What is written, for errors.</param>
/// <param name="name">Of the file when it is complete.</param>
/// <param name="shape">The shape of the records.</param>
internal sealed class GrowingOutput(WorkFiles files, string what, string subdirectory, string name, int bucketCount, int shape) : IDisposable
{
    private Place? _place;

    /// <summary>The work directory of the file.</summary>
    public string Root => _place!.Root;

    /// <summary>Appends a segment.</summary>
    /// <param name="write">Appends all buckets. Called again if a disk failed and there is another one.</param>
    /// <exception cref="IOException">No disk could take it.</exception>
    public void Append(Action<ShuffleFileWriter> write) => Write(place => place.Append(write));

    /// <summary>Appends the last segment and gives the file its name.</summary>
    /// <param name="write">Appends all buckets and sets the number of records. Called again if a disk failed and there is another one.</param>
    /// <returns>Its path, and where the buckets are.</returns>
    /// <exception cref="IOException">No disk could take it.</exception>
    public (string Path, BucketStarts Starts) Complete(Action<ShuffleFileWriter> write)
    {
        BucketStarts? starts = null;
        Write(place => starts = place.Complete(write, name));
        return (Path.Combine(_place!.Directory, name), starts!);
    }

    /// <summary>Deletes the file, unless it is complete.</summary>
    public void Dispose()
    {
        _place?.Dispose();
        _place = null;
    }

    private void Write(Action<Place> append)
    {
        if (_place is null || !files.TryGoOn(_place.Root, () => append(_place)))
        {
            var earlier = _place;
            _place = files.Write(what, subdirectory, (root, directory) => Start(root, directory, earlier, append));
            earlier?.Dispose();
        }
    }

    private Place Start(string root, string directory, Place? earlier, Action<Place> append)
    {
        var place = new Place(files, root, directory, Path.Combine(directory, files.NewTemporaryName(name)), bucketCount, shape);
        try
        {
            if (earlier is not null)
            {
                place.Copy(earlier);
            }

            append(place);
            return place;
        }
        catch
        {
            place.Dispose();
            throw;
        }
    }

    /// <summary>The file on one disk.</summary>
    private sealed class Place(WorkFiles files, string root, string directory, string temporaryPath, int bucketCount, int shape) : IDisposable
    {
        private readonly ShuffleFileWriter _writer = new(temporaryPath, bucketCount, shape);

        // Those that are whole.
        private int _segmentCount;
        private long _charged;

        // The file stays, and with it what it counts for.
        private bool _isKept;

        public string Root => root;

        public string Directory => directory;

        private string TemporaryPath => temporaryPath;

        public void Append(Action<ShuffleFileWriter> write)
        {
            write(_writer);
            _writer.EndSegment();
            Charge();
            _segmentCount++;
        }

        public BucketStarts Complete(Action<ShuffleFileWriter> write, string name)
        {
            write(_writer);
            var starts = _writer.Complete();
            Charge();
            _writer.Dispose();
            File.Move(temporaryPath, Path.Combine(directory, name), overwrite: true);
            _isKept = true;
            return starts;
        }

        /// <summary>Takes over the whole segments of a file that cannot grow.</summary>
        public void Copy(Place earlier)
        {
            if (earlier._segmentCount == 0)
            {
                return;
            }

            using var file = File.OpenHandle(earlier.TemporaryPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _writer.AppendSegments(file, earlier._writer.StartsOf(earlier._segmentCount));
            _segmentCount = earlier._segmentCount;
            Charge();
        }

        public void Dispose()
        {
            _writer.Dispose();
            if (!_isKept)
            {
                WorkFiles.DeleteFile(temporaryPath);
                files.Quota.Release(root, _charged);
            }
        }

        private void Charge()
        {
            files.Quota.Charge(root, _writer.Position - _charged);
            _charged = _writer.Position;
        }
    }
}
