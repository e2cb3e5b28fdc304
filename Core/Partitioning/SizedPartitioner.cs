using Dpark.Rdds;
using Dpark.Shuffle;

namespace Dpark.Partitioning;

/// <summary>
/// A partitioner whose number of partitions follows from the size of the data: of the input when the first job needs it, and, if that makes more partitions than there are slots, once
/// more of the map outputs. Buckets are what map tasks write; a partition is one bucket or several neighbours.
/// </summary>
/// <remarks>Two that decide together are equal from then on, so a join of two RDDs that nobody gave a number of partitions needs no shuffle. Thread-safe.</remarks>
internal sealed class SizedPartitioner(PartitionDecision decision) : Partitioner
{
    [NonSerialized]
    private readonly PartitionDecision? _decision = decision;

    private Partitioner? _buckets;
    private int[]? _starts;

    /// <summary>Deciding, if nothing is decided yet: the data is not measured any more then.</summary>
    public override int PartitionCount => Starts.Length;

    internal override Partitioner Buckets => _buckets ??= Decision.Buckets;

    /// <summary>What it shares with the partitioners that are equal to it. Driver only.</summary>
    public PartitionDecision Decision => _decision?.Root ?? throw new InvalidOperationException(
        "A partitioner that was not decided on in the driver is used in a task. Ask it for its number of partitions before a function captures it.");

    private int[] Starts => _starts ??= Decision.Starts;

    public override void PartitionsOf<TKey>(ReadOnlySpan<TKey> keys, Span<int> partitions)
    {
        var starts = Starts;
        var buckets = Buckets;
        buckets.PartitionsOf(keys, partitions);
        if (starts.Length == buckets.PartitionCount)
        {
            return;
        }

        foreach (ref var partition in partitions[..keys.Length])
        {
            var found = Array.BinarySearch(starts, partition);
            partition = found < 0 ? ~found - 1 : found;
        }
    }

    public override bool Equals(Partitioner? other) =>
        ReferenceEquals(this, other) || (other is SizedPartitioner sized && Decision.IsEquivalentTo(sized.Decision));

    // What is equal may change until it is decided.
    public override int GetHashCode() => typeof(SizedPartitioner).Name.Length;

    internal override Partition[] CreatePartitions()
    {
        var starts = Starts;
        var bucketCount = Buckets.PartitionCount;
        if (starts.Length == bucketCount)
        {
            return Partition.Numbered(bucketCount);
        }

        var partitions = new Partition[starts.Length];
        for (var index = 0; index < starts.Length; index++)
        {
            partitions[index] = new BucketPartition(index, RangeOf(index, starts, bucketCount));
        }

        return partitions;
    }

    internal override BucketRange BucketsOf(int partition) => RangeOf(partition, Starts, Buckets.PartitionCount);

    private static BucketRange RangeOf(int index, int[] starts, int bucketCount) =>
        new(starts[index], (index + 1 < starts.Length ? starts[index + 1] : bucketCount) - starts[index]);
}
