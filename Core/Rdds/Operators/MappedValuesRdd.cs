using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>Applies a function to the value of each pair. Narrow; the keys stay, and so does the partitioner.</summary>
internal sealed class MappedValuesRdd<TKey, TValue, TOut>(Rdd<(TKey Key, TValue Value)> parent, Func<TValue, TOut> transform, CallSite callSite)
    : NarrowRdd<(TKey Key, TValue Value), (TKey Key, TOut Value)>(parent, callSite, keepsPartitioner: true)
{
    private protected override bool IsElementWise => true;

    protected override BatchReader<(TKey Key, TOut Value)> Compute(Partition partition, TaskContext context) =>
        new Reader(Parent.Read(partition, context), transform, CallSite, context);

    private sealed class Reader(BatchReader<(TKey Key, TValue Value)> source, Func<TValue, TOut> transform, CallSite callSite, TaskContext context)
        : OperatorReader<(TKey Key, TValue Value), (TKey Key, TOut Value)>(source, callSite, context)
    {
        public override ReadOnlySpan<(TKey Key, TOut Value)> Next()
        {
            var input = Pull();
            var output = Output(input.Length);
            for (var i = 0; i < input.Length;)
            {
                for (var end = Pacer.EndOfRun(i, input.Length); i < end; i++)
                {
                    output[i] = (input[i].Key, transform(input[i].Value));
                }
            }

            return output;
        }
    }
}
