using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>What the readers of narrow operators share: the source that they own, the output buffer, and who is to blame when the user's function throws.</summary>
internal abstract class OperatorReader<TIn, TOut>(BatchReader<TIn> source, CallSite callSite, TaskContext context) : BatchReader<TOut>
{
    private TOut[] _output = [];

    /// <summary>Used in the loop that calls the user's function.</summary>
    protected RunPacer Pacer = new(context.CancellationToken);

    protected TaskContext Context => context;

    /// <summary>The line of the user's program that made the operator.</summary>
    protected CallSite CallSite => callSite;

    /// <summary>The input, for whoever reads on elsewhere.</summary>
    protected BatchReader<TIn> Source => source;

    /// <summary>The next input batch. From here on a failure is this operator's, until it pulls again.</summary>
    protected ReadOnlySpan<TIn> Pull()
    {
        var input = source.Next();
        context.RunningOperator = callSite;
        return input;
    }

    /// <summary>A buffer that lives until the next call. Grows with the batches, so that a task of ten elements does not pay for a thousand.</summary>
    protected Span<TOut> Output(int count)
    {
        if (_output.Length < count)
        {
            BatchArrays.Return(ref _output);
            _output = BatchArrays.Rent<TOut>(count);
        }

        return _output.AsSpan(0, count);
    }

    protected override void Dispose(bool disposing)
    {
        source.Dispose();
        BatchArrays.Return(ref _output);
        base.Dispose(disposing);
    }
}
