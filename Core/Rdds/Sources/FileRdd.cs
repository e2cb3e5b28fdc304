namespace Dpark.Rdds.Sources;

/// <summary>What files hold. The driver lists them at the first use; tasks open them by their full path, so workers must see the same files as the driver.</summary>
internal abstract class FileRdd<T>(IRddContext context, string[] paths, TextFileOptions options, CallSite callSite) : Rdd<T>(context, callSite)
{
    [NonSerialized]
    private readonly string[] _paths = paths;

    [NonSerialized]
    private readonly TextFileOptions _options = options;

    [NonSerialized]
    private Partition[]? _partitions;

    public override IReadOnlyList<Partition> Partitions => _partitions ?? LazyInitializer.EnsureInitialized(ref _partitions, ListPartitions);

    public override IReadOnlyList<Dependency> Dependencies => [];

    /// <summary>Cuts the files into partitions.</summary>
    protected abstract Partition[] Cut(InputFile[] files, TextFileOptions options);

    private Partition[] ListPartitions() => Cut([.. _paths.SelectMany(path => InputFiles.Find(path, _options.Extension))], _options);
}
