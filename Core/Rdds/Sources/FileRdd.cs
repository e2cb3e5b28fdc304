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

    [NonSerialized]
    private long _inputBytes;

    public override IReadOnlyList<Partition> Partitions => _partitions ?? LazyInitializer.EnsureInitialized(ref _partitions, ListPartitions);

    public override IReadOnlyList<Dependency> Dependencies => [];

    /// <summary>How they are cut. Driver only.</summary>
    protected TextFileOptions Options => _options;

    /// <summary>Cuts the files into partitions.</summary>
    protected abstract Partition[] Cut(InputFile[] files, TextFileOptions options);

    internal override bool HasInputBytes => true;

    internal override int? KnownPartitionCount => Volatile.Read(ref _partitions)?.Length;

    internal override long? FindInputBytes()
    {
        if (Volatile.Read(ref _partitions) is not null)
        {
            return Interlocked.Read(ref _inputBytes);
        }

        try
        {
            return BytesOf(FindFiles());
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // The job that reads it says so, unless the files are there by then.
            return null;
        }
    }

    private static long BytesOf(InputFile[] files) => files.Sum(file => file.Length);

    private protected InputFile[] FindFiles() => [.. _paths.SelectMany(path => InputFiles.Find(path, _options.Extension))];

    private Partition[] ListPartitions()
    {
        var files = FindFiles();
        Interlocked.Exchange(ref _inputBytes, BytesOf(files));
        return Cut(files, _options);
    }
}
