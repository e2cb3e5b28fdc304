namespace Dpark.Rdds;

/// <summary>One piece of an RDD: what a task needs to know, beside the lineage, to compute it. Travels with the task, so it stays small.</summary>
/// <param name="index">Position in <see cref="Rdd.Partitions"/>, from 0.</param>
public class Partition(int index)
{
    /// <summary>Position in <see cref="Rdd.Partitions"/>, from 0.</summary>
    public int Index { get; } = index;

    /// <summary>Partitions that are nothing but their index.</summary>
    internal static Partition[] Numbered(int count)
    {
        var partitions = new Partition[count];
        for (var index = 0; index < count; index++)
        {
            partitions[index] = new Partition(index);
        }

        return partitions;
    }
}
