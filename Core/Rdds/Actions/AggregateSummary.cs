using Dpark.Rdds.Operators;
using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Actions;

/// <summary>Folds the elements into one value, which starts as a fresh copy of <paramref name="zero"/> because the program is deserialized per attempt.</summary>
internal sealed class AggregateSummary<T, TResult>(TResult zero, Func<TResult, T, TResult> add) : PartitionSummary<T, TResult>
{
    public override TResult[] Summarize(BatchReader<T> input, int partitionIndex, TaskContext context)
    {
        var pacer = new RunPacer(context.CancellationToken);
        var result = zero;
        for (var batch = input.Next(); !batch.IsEmpty; batch = input.Next())
        {
            // The result may be a collection that grows; copying what is added copies each element once.
            if (BorrowedBytes<TResult>.ArePossible)
            {
                batch = BorrowedBytes<T>.KeepBatch(batch);
            }

            for (var i = 0; i < batch.Length;)
            {
                for (var end = pacer.EndOfRun(i, batch.Length); i < end; i++)
                {
                    result = add(result, batch[i]);
                }
            }
        }

        return [result];
    }
}
