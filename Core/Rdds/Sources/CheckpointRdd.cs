using Dpark.Caching;
using Dpark.Partitioning;
using Dpark.Rdds.Sinks;
using Dpark.Tasks;

namespace Dpark.Rdds.Sources;

/// <summary>A partition in a file of a checkpoint.</summary>
/// <param name="path">Full path.</param>
/// <param name="bytes">Length of the file.</param>
internal sealed class CheckpointPartition(int index, string path, long bytes) : Partition(index)
{
    public string Path => path;

    public long Bytes => bytes;
}

/// <summary>The elements of a checkpoint. It has no lineage: what cannot be read is an error, and is never computed.</summary>
/// <param name="directory">Full path.</param>
/// <param name="partitioner">As it was when the checkpoint was made; <see langword="null"/> if unknown.</param>
internal sealed class CheckpointRdd<T>(IRddContext context, string directory, Partitioner? partitioner, CallSite callSite) : Rdd<T>(context, callSite)
{
    private readonly string _directory = directory;

    [NonSerialized]
    private readonly Partitioner? _partitioner = partitioner;

    [NonSerialized]
    private Partition[]? _partitions;

    public override IReadOnlyList<Partition> Partitions => _partitions ?? LazyInitializer.EnsureInitialized(ref _partitions, ListPartitions);

    public override IReadOnlyList<Dependency> Dependencies => [];

    public override Partitioner? Partitioner => _partitioner;

    internal override bool HasInputBytes => true;

    internal override int? KnownPartitionCount => Volatile.Read(ref _partitions)?.Length;

    internal override long? FindInputBytes()
    {
        try
        {
            return Partitions.Cast<CheckpointPartition>().Sum(partition => partition.Bytes);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            // The job that reads it says so, unless the files are there by then.
            return null;
        }
    }

    protected override BatchReader<T> Compute(Partition partition, TaskContext context) => new Reader((CheckpointPartition)partition, _directory, context);

    private Partition[] ListPartitions()
    {
        var files = OutputManifest.TryRead(_directory) ?? throw new FileNotFoundException(
            $"{_directory} is no checkpoint: it has no {OutputManifest.Name} of one. It was deleted, or the job that should have made it did not end.");
        OutputManifest.Check(_directory, files);
        return [.. files.Select((file, index) => new CheckpointPartition(index, Path.Combine(_directory, file.Name), file.Bytes))];
    }

    private sealed class Reader(CheckpointPartition partition, string directory, TaskContext context) : BatchReader<T>
    {
        private StoredSegmentReader<T>? _segments;

        public override ReadOnlySpan<T> Next()
        {
            context.CancellationToken.ThrowIfCancellationRequested();
            try
            {
                _segments ??= Open();
                var batch = _segments.Next();
                context.Metrics.InputRecords += batch.Length;
                return batch;
            }
            catch (Exception failure) when (failure is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                throw new IOException(
                    $"Partition {partition.Index} of the checkpoint {directory} cannot be read from {partition.Path}: {failure.Message} A checkpoint has no lineage, so it is not " +
                    "computed again. Restore the file, or make the checkpoint again; workers open the same full path as the driver.",
                    failure);
            }
        }

        protected override void Dispose(bool disposing)
        {
            _segments?.Dispose();
            base.Dispose(disposing);
        }

        private StoredSegmentReader<T> Open()
        {
            var file = new FileStream(partition.Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            try
            {
                if (file.Length != partition.Bytes)
                {
                    throw new InvalidDataException($"It has {file.Length} bytes instead of {partition.Bytes}.");
                }

                context.Metrics.InputBytes += file.Length;
                return new(file, file.Length);
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
    }
}
