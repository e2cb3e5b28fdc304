using Dpark.Partitioning;
using Dpark.Rdds.Operators;
using Dpark.Tasks;

namespace Dpark.Rdds.Actions;

/// <summary>The greatest elements, greatest first; of equal ones the earlier.</summary>
internal sealed class TopSummary<T, TKey>(int count, Func<T, TKey> by, IComparer<TKey>? comparer) : PartitionSummary<T, T>
{
    public override T[] Summarize(BatchReader<T> input, int partitionIndex, TaskContext context)
    {
        var pacer = new RunPacer(context.CancellationToken);
        var heap = NewHeap();
        for (var batch = input.Next(); !batch.IsEmpty; batch = input.Next())
        {
            for (var i = 0; i < batch.Length;)
            {
                for (var end = pacer.EndOfRun(i, batch.Length); i < end; i++)
                {
                    heap.Add(by(batch[i]), batch[i]);
                }
            }

            heap.KeepBorrowed();
        }

        return heap.ToDescendingArray();
    }

    /// <summary>Joins the summaries of all partitions, which come in their order.</summary>
    public T[] Merge(List<T> elements)
    {
        var heap = NewHeap();
        foreach (var element in elements)
        {
            heap.Add(by(element), element);
        }

        return heap.ToDescendingArray();
    }

    private BoundedHeap<TKey, T> NewHeap() => new(count, comparer ?? DefaultOrder<TKey>.Comparer);
}
