using Dpark.Rdds.Actions;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Numbers the elements from 0 across all partitions. Narrow, but a job counts the partitions before the first one that uses it, if there are several.</summary>
internal sealed class IndexedRdd<T>(Rdd<T> parent, CallSite callSite) : NarrowRdd<T, (T Element, long Index)>(parent, callSite)
{
    // Index of the first element of each partition. Set before the first job, and travels.
    private long[]? _offsets;

    internal override bool IsOrderSensitive => true;

    internal override bool IsPrepared => Volatile.Read(ref _offsets) is not null;

    internal override async Task PrepareAsync(CallSite action, CancellationToken cancellationToken)
    {
        var offsets = new long[Parent.Partitions.Count];
        if (offsets.Length > 1)
        {
            var counts = await JobRunner.CollectAsync(
                new SummarizedRdd<T, long>(Parent, CountSummary<T>.Instance, CallSite), action, cancellationToken).ConfigureAwait(false);
            for (var index = 1; index < offsets.Length; index++)
            {
                offsets[index] = offsets[index - 1] + counts[index - 1];
            }
        }

        Volatile.Write(ref _offsets, offsets);
    }

    protected override BatchReader<(T Element, long Index)> Compute(Partition partition, TaskContext context) =>
        new Reader(Parent.Read(partition, context), _offsets![partition.Index], CallSite, context);

    private sealed class Reader(BatchReader<T> source, long next, CallSite callSite, TaskContext context)
        : OperatorReader<T, (T Element, long Index)>(source, callSite, context)
    {
        private long _next = next;

        public override ReadOnlySpan<(T Element, long Index)> Next()
        {
            var input = Pull();
            var output = Output(input.Length);
            for (var i = 0; i < input.Length; i++)
            {
                output[i] = (input[i], _next++);
            }

            return output;
        }
    }
}
