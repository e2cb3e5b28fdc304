using Dpark.Rdds.Operators;
using Dpark.Tasks;

namespace Dpark.Rdds.Actions;

/// <summary>Calls a function with each element and gives nothing.</summary>
internal sealed class ForEachSummary<T>(Action<T> action) : PartitionSummary<T, byte>
{
    public override byte[] Summarize(BatchReader<T> input, int partitionIndex, TaskContext context)
    {
        var pacer = new RunPacer(context.CancellationToken);
        for (var batch = input.Next(); !batch.IsEmpty; batch = input.Next())
        {
            for (var i = 0; i < batch.Length;)
            {
                for (var end = pacer.EndOfRun(i, batch.Length); i < end; i++)
                {
                    action(batch[i]);
                }
            }
        }

        return [];
    }
}

/// <summary>Calls a function with the stream of all elements and gives nothing.</summary>
internal sealed class ForEachPartitionSummary<T>(Action<IEnumerable<T>> action, CallSite callSite) : PartitionSummary<T, byte>
{
    public override byte[] Summarize(BatchReader<T> input, int partitionIndex, TaskContext context)
    {
        context.RunningOperator = callSite;
        action(new ReaderEnumerable<T>(input.Next, callSite, context.CancellationToken));
        return [];
    }
}
