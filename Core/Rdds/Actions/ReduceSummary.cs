using Dpark.Rdds.Operators;
using Dpark.Tasks;
using Dpark.Text;

namespace Dpark.Rdds.Actions;

/// <summary>Folds the elements into one; nothing for an empty partition.</summary>
internal sealed class ReduceSummary<T>(Func<T, T, T> reduce) : PartitionSummary<T, T>
{
    public override T[] Summarize(BatchReader<T> input, int partitionIndex, TaskContext context)
    {
        var pacer = new RunPacer(context.CancellationToken);
        var hasResult = false;
        var result = default(T)!;
        for (var batch = input.Next(); !batch.IsEmpty; batch = input.Next())
        {
            var i = 0;
            if (!hasResult)
            {
                hasResult = true;
                result = batch[i++];
            }

            while (i < batch.Length)
            {
                for (var end = pacer.EndOfRun(i, batch.Length); i < end; i++)
                {
                    result = reduce(result, batch[i]);
                }
            }

            result = BorrowedBytes<T>.Keep(result);
        }

        return hasResult ? [result] : [];
    }
}
