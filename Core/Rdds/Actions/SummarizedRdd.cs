using Dpark.Rdds.Operators;
using Dpark.Tasks;

namespace Dpark.Rdds.Actions;

/// <summary>Reads a whole partition in its task and gives the few elements that the driver needs of it.</summary>
internal abstract class PartitionSummary<TIn, TOut>
{
    /// <summary>Reads to the end, or as far as it needs.</summary>
    /// <param name="input">Owned by the caller. A failure after the first batch is put down to the action.</param>
    /// <returns>What goes to the driver; may be empty.</returns>
    public abstract TOut[] Summarize(BatchReader<TIn> input, int partitionIndex, TaskContext context);
}

/// <summary>The summary of each partition. Most actions are jobs on such an RDD.</summary>
internal sealed class SummarizedRdd<TIn, TOut>(Rdd<TIn> parent, PartitionSummary<TIn, TOut> summary, CallSite callSite)
    : NarrowRdd<TIn, TOut>(parent, callSite)
{
    protected override BatchReader<TOut> Compute(Partition partition, TaskContext context) =>
        Open(Parent.Read(partition, context), partition.Index, summary, CallSite, context);

    /// <summary>Opens the summary of a partition.</summary>
    /// <param name="source">The partition; disposed with the reader.</param>
    public static BatchReader<TOut> Open(
        BatchReader<TIn> source, int partitionIndex, PartitionSummary<TIn, TOut> summary, CallSite callSite, TaskContext context) =>
        new Reader(new AttributedReader<TIn>(source, callSite, context), partitionIndex, summary, context);

    private sealed class Reader(BatchReader<TIn> source, int partitionIndex, PartitionSummary<TIn, TOut> summary, TaskContext context) : BatchReader<TOut>
    {
        private TOut[]? _result;
        private int _next;

        public override ReadOnlySpan<TOut> Next()
        {
            _result ??= summary.Summarize(source, partitionIndex, context);
            var batch = new ReadOnlySpan<TOut>(_result, _next, Math.Min(BatchReader.Capacity, _result.Length - _next));
            _next += batch.Length;
            return batch;
        }

        protected override void Dispose(bool disposing)
        {
            source.Dispose();
            base.Dispose(disposing);
        }
    }
}
