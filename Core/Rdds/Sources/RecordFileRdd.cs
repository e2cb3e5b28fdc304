using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Sources;

/// <summary>The records of files of records of one length, as slices of the read buffers.</summary>
internal sealed class RecordFileRdd(IRddContext context, string[] paths, int recordBytes, TextFileOptions options, CallSite callSite)
    : Rdd<ByteSlice>(context, callSite)
{
    [NonSerialized]
    private readonly string[] _paths = paths;

    [NonSerialized]
    private readonly TextFileOptions _options = options;

    [NonSerialized]
    private Partition[]? _partitions;

    public override IReadOnlyList<Partition> Partitions => _partitions ?? LazyInitializer.EnsureInitialized(ref _partitions, ListPartitions);

    public override IReadOnlyList<Dependency> Dependencies => [];

    protected override BatchReader<ByteSlice> Compute(Partition partition, TaskContext context) =>
        new RecordPartitionReader(((TextPartition)partition).Pieces, recordBytes, CallSite, context);

    private Partition[] ListPartitions()
    {
        InputFile[] files = [.. _paths.SelectMany(path => InputFiles.Find(path, _options.Extension))];
        foreach (var file in files)
        {
            if (file.Length % recordBytes != 0)
            {
                throw new InvalidDataException(
                    $"{file.Path} has {file.Length} bytes, which are no whole number of records of {recordBytes} bytes. Check the length of the records and the file.");
            }
        }

        return TextPartitioning.Cut(files, _options, Context.DefaultParallelism, recordBytes);
    }
}
