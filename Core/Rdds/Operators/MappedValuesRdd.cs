using Dpark.Shuffle;
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
        : OperatorReader<(TKey Key, TValue Value), (TKey Key, TOut Value)>(source, callSite, context), ITableSource<TKey, TOut>
    {
        /// <remarks>Values are replaced where they are, if they are of one type before and after.</remarks>
        public NumberTable<TKey, TOut>? TryTakeTable()
        {
            if (typeof(TValue) != typeof(TOut) || Source is not ITableSource<TKey, TValue> source || source.TryTakeTable() is not { } table)
            {
                return null;
            }

            Context.RunningOperator = CallSite;
            for (var place = 0; place < table.PlaceCount;)
            {
                var end = Pacer.EndOfRun(place, table.PlaceCount);
                table.ReplaceValues(place, end, (Func<TValue, TValue>)(object)transform);
                place = end;
            }

            return (NumberTable<TKey, TOut>)(object)table;
        }

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
