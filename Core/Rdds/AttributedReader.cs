using Dpark.Tasks;

namespace Dpark.Rdds;

/// <summary>
/// Passes batches on to code that is not an operator of the chain itself, such as a map-side combine, so that a failure there is put down to
/// <paramref name="callSite"/> and a cancellation is noticed once per batch.
/// </summary>
internal sealed class AttributedReader<T>(BatchReader<T> source, CallSite callSite, TaskContext context) : BatchReader<T>
{
    public override ReadOnlySpan<T> Next()
    {
        context.CancellationToken.ThrowIfCancellationRequested();
        var batch = source.Next();
        context.RunningOperator = callSite;
        return batch;
    }

    protected override void Dispose(bool disposing)
    {
        source.Dispose();
        base.Dispose(disposing);
    }
}
