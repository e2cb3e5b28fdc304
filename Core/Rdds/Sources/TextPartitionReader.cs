using Dpark.Tasks;

namespace Dpark.Rdds.Sources;

/// <summary>Reads the pieces of a partition one after the other.</summary>
/// <param name="open">Opens one piece.</param>
internal sealed class TextPartitionReader<T>(
    TextPiece[] pieces, Func<TextPiece, TaskContext, TextPieceReader<T>> open, CallSite callSite, TaskContext context) : BatchReader<T>
{
    private readonly T[] _lines = new T[BatchReader.Capacity];
    private TextPieceReader<T>? _current;
    private int _next;

    public override ReadOnlySpan<T> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        context.RunningOperator = callSite;
        var count = 0;
        while (count == 0 && (_current is not null || _next < pieces.Length))
        {
            _current ??= open(pieces[_next++], context);
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
