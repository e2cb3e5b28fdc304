using System.Runtime.InteropServices;
using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Sources;

/// <summary>The lines of text files.</summary>
internal abstract class TextFileRdd<T>(IRddContext context, string[] paths, TextFileOptions options, CallSite callSite) : FileRdd<T>(context, paths, options, callSite)
{
    [NonSerialized]
    private readonly bool _splitsMembers = options.SplitGzipMembers;

    [NonSerialized]
    private Dictionary<string, List<TextPiece>>? _members;

    // Whoever asks for the partitions before has decided that such files are read as a whole.
    internal override bool IsPrepared => !_splitsMembers || Volatile.Read(ref _members) is not null || KnownPartitionCount is not null;

    internal override async Task PrepareAsync(CallSite action, CancellationToken cancellationToken)
    {
        var (files, rangeBytes) = FindLargeFiles();
        var partitions = new List<GzipScanPartition>();
        var ranges = new List<List<(long Begin, long End)>>();
        foreach (var file in files)
        {
            List<(long Begin, long End)> rangesOfFile = [];
            for (var begin = 0L; begin < file.Length; begin += rangeBytes)
            {
                rangesOfFile.Add((begin, Math.Min(begin + rangeBytes, file.Length)));
                partitions.Add(new GzipScanPartition(partitions.Count, file.Path, begin, rangesOfFile[^1].End));
            }

            ranges.Add(rangesOfFile);
        }

        var found = partitions.Count == 0
            ? []
            : await Actions.JobRunner.CollectAsync(new GzipScanRdd(Context, [.. partitions], CallSite), action, cancellationToken).ConfigureAwait(false);
        var members = new Dictionary<string, List<TextPiece>>(StringComparer.Ordinal);
        var next = 0;
        for (var i = 0; i < files.Count; i++)
        {
            if (GzipScanRdd.PiecesOf(files[i], ranges[i], CollectionsMarshal.AsSpan(found).Slice(next, ranges[i].Count)) is { } pieces)
            {
                members[files[i].Path] = pieces;
            }

            next += ranges[i].Count;
        }

        Interlocked.CompareExchange(ref _members, members, null);
    }

    protected override Partition[] Cut(InputFile[] files, TextFileOptions options) =>
        TextPartitioning.Cut(files, options, Context, members: Volatile.Read(ref _members));

    private (List<InputFile> Files, long RangeBytes) FindLargeFiles()
    {
        var files = FindFiles();
        var limit = TextPartitioning.LimitOf(files, Options, Context);
        var large = files.Where(file => TextPartitioning.IsCompressed(file.Path) && file.Length > limit && BlockedGzip.TryCut(file, limit) is null).DistinctBy(file => file.Path).ToList();
        var rangeBytes = GzipScanRdd.RangeBytes(large.Sum(file => file.Length), limit, Context.DefaultParallelism);

        // A file of one range would be one piece.
        return (large.FindAll(file => file.Length > rangeBytes), rangeBytes);
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
