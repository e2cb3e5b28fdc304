using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Keeps each element with the same probability. Narrow; the same seed keeps the same elements, also when a task runs again.</summary>
internal sealed class SampledRdd<T>(Rdd<T> parent, double fraction, int seed, CallSite callSite) : NarrowRdd<T, T>(parent, callSite, keepsPartitioner: true)
{
    internal override bool IsOrderSensitive => true;

    protected override BatchReader<T> Compute(Partition partition, TaskContext context) =>
        new Reader(Parent.Read(partition, context), fraction, new Random(unchecked(seed + (partition.Index * 7919))), CallSite, context);

    private sealed class Reader(BatchReader<T> source, double fraction, Random random, CallSite callSite, TaskContext context)
        : OperatorReader<T, T>(source, callSite, context)
    {
        public override ReadOnlySpan<T> Next()
        {
            for (var input = Pull(); !input.IsEmpty; input = Pull())
            {
                Context.CancellationToken.ThrowIfCancellationRequested();
                var output = Output(input.Length);
                var kept = 0;
                foreach (var element in input)
                {
                    if (random.NextDouble() < fraction)
                    {
                        output[kept++] = element;
                    }
                }

                if (kept > 0)
                {
                    return output[..kept];
                }
            }

            return default;
        }
    }
}
