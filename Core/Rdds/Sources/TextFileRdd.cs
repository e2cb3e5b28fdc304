using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Sources;

/// <summary>The lines of text files.</summary>
internal abstract class TextFileRdd<T>(IRddContext context, string[] paths, TextFileOptions options, CallSite callSite) : FileRdd<T>(context, paths, options, callSite)
{
    protected override Partition[] Cut(InputFile[] files, TextFileOptions options) => TextPartitioning.Cut(files, options, Context.DefaultParallelism);
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
