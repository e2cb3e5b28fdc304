using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Sources;

/// <summary>The lines of text files. Tasks open the files by their full path, so workers must see the same files as the driver.</summary>
internal abstract class TextFileRdd<T>(IRddContext context, string[] paths, TextFileOptions options, CallSite callSite) : Rdd<T>(context, callSite)
{
    [NonSerialized]
    private readonly string[] _paths = paths;

    [NonSerialized]
    private readonly TextFileOptions _options = options;

    [NonSerialized]
    private Partition[]? _partitions;

    public override IReadOnlyList<Partition> Partitions => _partitions ?? LazyInitializer.EnsureInitialized(ref _partitions, ListPartitions);

    public override IReadOnlyList<Dependency> Dependencies => [];

    private Partition[] ListPartitions()
    {
        InputFile[] files = [.. _paths.SelectMany(path => InputFiles.Find(path, _options.Extension))];
        return TextPartitioning.Cut(files, _options, Context.DefaultParallelism);
    }
}

/// <summary>Lines as strings.</summary>
internal sealed class StringFileRdd(IRddContext context, string[] paths, TextFileOptions options, CallSite callSite)
    : TextFileRdd<string>(context, paths, options, callSite)
{
    protected override BatchReader<string> Compute(Partition partition, TaskContext context) => new TextPartitionReader<string>(
        ((TextPartition)partition).Pieces, static (piece, context) => new StringPieceReader(piece, context), CallSite, context);
}

/// <summary>Lines as parts of the read buffers.</summary>
internal sealed class Utf8FileRdd(IRddContext context, string[] paths, TextFileOptions options, CallSite callSite)
    : TextFileRdd<Utf8Text>(context, paths, options, callSite)
{
    protected override BatchReader<Utf8Text> Compute(Partition partition, TaskContext context) => new TextPartitionReader<Utf8Text>(
        ((TextPartition)partition).Pieces, static (piece, context) => new Utf8PieceReader(piece, context), CallSite, context);
}
