using Dpark.Tasks;

namespace Dpark.Rdds.Actions;

/// <summary>The number of elements.</summary>
internal sealed class CountSummary<T> : PartitionSummary<T, long>
{
    public static readonly CountSummary<T> Instance = new();

    public override long[] Summarize(BatchReader<T> input, int partitionIndex, TaskContext context)
    {
        var count = 0L;
        for (var batch = input.Next(); !batch.IsEmpty; batch = input.Next())
        {
            count += batch.Length;
        }

        return [count];
    }
}
