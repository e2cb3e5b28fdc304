using Dpark.Tasks;

namespace Dpark.Rdds.Sources;

/// <summary>The lines of text files. Tasks open the files by their full path, so workers must see the same files as the driver.</summary>
internal sealed class TextFileRdd(IRddContext context, string[] paths, TextFileOptions options, CallSite callSite) : Rdd<string>(context, callSite)
{
    [NonSerialized]
    private readonly string[] _paths = paths;

    [NonSerialized]
    private readonly TextFileOptions _options = options;

    [NonSerialized]
    private Partition[]? _partitions;

    public override IReadOnlyList<Partition> Partitions => _partitions ?? LazyInitializer.EnsureInitialized(ref _partitions, ListPartitions);

    public override IReadOnlyList<Dependency> Dependencies => [];

    protected override BatchReader<string> Compute(Partition partition, TaskContext context) =>
        new TextPartitionReader(((TextPartition)partition).Pieces, CallSite, context);

    private Partition[] ListPartitions()
    {
        InputFile[] files = [.. _paths.SelectMany(path => InputFiles.Find(path, _options.Extension))];
        return TextPartitioning.Cut(files, _options, Context.DefaultParallelism);
    }
}
