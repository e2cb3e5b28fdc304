using Dpark.Shuffle;

namespace Dpark.Rdds;

/// <summary>One piece of an RDD: what a task needs to know, beside the lineage, to compute it. Travels with the task, so it stays small.</summary>
/// <param name="index">Position in <see cref="Rdd.Partitions"/>, from 0.</param>
public class Partition(int index)
{
    /// <summary>Position in <see cref="Rdd.Partitions"/>, from 0.</summary>
    public int Index { get; } = index;

    /// <summary>The buckets that it is, of an RDD that reads a shuffle.</summary>
    internal virtual BucketRange Buckets => new(Index, 1);

    /// <summary>Elements of the whole partition for each that is read of it: above 1 where it is a sample.</summary>
    internal virtual double ElementWeight => 1;

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

/// <summary>A partition of several neighbouring buckets.</summary>
internal sealed class BucketPartition(int index, BucketRange buckets) : Partition(index)
{
    internal override BucketRange Buckets => buckets;
}
