using Dpark.Tasks;

namespace Dpark.Rdds.Sources;

/// <summary>Reads the pieces of a partition one after the other.</summary>
internal sealed class TextPartitionReader(TextPiece[] pieces, CallSite callSite, TaskContext context) : BatchReader<string>
{
    private readonly string[] _lines = new string[BatchReader.Capacity];
    private TextPieceReader? _current;
    private int _next;

    public override ReadOnlySpan<string> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        context.RunningOperator = callSite;
        var count = 0;
        while (count == 0 && (_current is not null || _next < pieces.Length))
        {
            _current ??= new TextPieceReader(pieces[_next++], context);
            count = _current.Read(_lines);
            if (count == 0)
            {
                _current.Dispose();
                _current = null;
            }
        }

        context.Metrics.InputRecords += count;
        return _lines.AsSpan(0, count);
    }

    protected override void Dispose(bool disposing)
    {
        _current?.Dispose();
        _current = null;
        _next = pieces.Length;
        base.Dispose(disposing);
    }
}
