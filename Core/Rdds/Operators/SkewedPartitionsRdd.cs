using Dpark.Partitioning;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>A partition of a join, and where its sides are cut: the first map of each part, ascending from 0; one entry for a side that is read whole.</summary>
internal sealed record SkewCut(int Partition, int[] LeftStarts, int[] RightStarts, long Bytes, long MedianBytes);

/// <summary>The partitions of a join of two shuffles that are too large. A job on it runs their map stages, and one task that reads sizes and no data.</summary>
/// <param name="buckets">The buckets of each partition.</param>
internal sealed class SkewedPartitionsRdd(ShuffleDependency left, ShuffleDependency right, BucketRange[] buckets, SkewLimits limits, CallSite callSite)
    : Rdd<SkewCut>(left.Parent.Context, callSite)
{
    [NonSerialized]
    private readonly Dependency[] _dependencies = [left, right];

    private readonly ShuffleId _left = left.Shuffle;
    private readonly ShuffleId _right = right.Shuffle;
    private readonly BucketRange[] _buckets = buckets;
    private readonly SkewLimits _limits = limits;

    public override IReadOnlyList<Partition> Partitions { get; } = Partition.Numbered(1);

    public override IReadOnlyList<Dependency> Dependencies => _dependencies;

    protected override BatchReader<SkewCut> Compute(Partition partition, TaskContext context)
    {
        context.RunningOperator = CallSite;
        var cuts = new List<SkewCut>();
        foreach (var found in SkewSizing.Find(PartitionBytes(_left, context), PartitionBytes(_right, context), _limits))
        {
            var leftStarts = Cut(_left, found.Partition, found.LeftParts, context);
            var rightStarts = Cut(_right, found.Partition, found.RightParts, context);

            // What one map task wrote is not cut.
            if (leftStarts.Length > 1 || rightStarts.Length > 1)
            {
                cuts.Add(new SkewCut(found.Partition, leftStarts, rightStarts, found.Bytes, found.MedianBytes));
            }
        }

        return new ArrayReader<SkewCut>(cuts.ToArray());
    }

    private long[] PartitionBytes(ShuffleId shuffle, TaskContext context)
    {
        var sums = new long[_buckets.Length];
        var bytes = context.Shuffle.BucketBytes(shuffle, context).AsSpan();
        for (var partition = 0; partition < sums.Length && !bytes.IsEmpty; partition++)
        {
            foreach (var bucket in bytes.Slice(_buckets[partition].First, _buckets[partition].Count))
            {
                sums[partition] += bucket;
            }
        }

        return sums;
    }

    private int[] Cut(ShuffleId shuffle, int partition, int partCount, TaskContext context) =>
        partCount == 1 ? [0] : PartitionSizing.Ranges(context.Shuffle.MapBytes(shuffle, _buckets[partition], context), partCount);
}
