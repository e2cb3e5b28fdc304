using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Keeps the elements that a predicate accepts. Narrow; elements are not changed, so the partitioner stays.</summary>
internal sealed class FilteredRdd<T>(Rdd<T> parent, Func<T, bool> predicate, CallSite callSite) : NarrowRdd<T, T>(parent, callSite, keepsPartitioner: true)
{
    private protected override bool IsElementWise => true;

    protected override BatchReader<T> Compute(Partition partition, TaskContext context) =>
        new Reader(Parent.Read(partition, context), predicate, CallSite, context);

    private sealed class Reader(BatchReader<T> source, Func<T, bool> predicate, CallSite callSite, TaskContext context)
        : OperatorReader<T, T>(source, callSite, context)
    {
        public override ReadOnlySpan<T> Next()
        {
            for (var input = Pull(); !input.IsEmpty; input = Pull())
            {
                var output = Output(input.Length);
                var kept = 0;
                for (var i = 0; i < input.Length;)
                {
                    for (var end = Pacer.EndOfRun(i, input.Length); i < end; i++)
                    {
                        if (predicate(input[i]))
                        {
                            output[kept++] = input[i];
                        }
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
