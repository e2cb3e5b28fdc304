using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>The stored bytes of each bucket of some shuffles with the same buckets, added up. A job on it runs their map stages, and one task that reads no data.</summary>
internal sealed class BucketSizesRdd : Rdd<long>
{
    [NonSerialized]
    private readonly Dependency[] _dependencies;

    private readonly Shuffle.ShuffleId[] _shuffles;
    private readonly int _bucketCount;

    public BucketSizesRdd(IRddContext context, IReadOnlyList<ShuffleDependency> shuffles, int bucketCount, CallSite callSite)
        : base(context, callSite)
    {
        _dependencies = [.. shuffles];
        _shuffles = [.. shuffles.Select(shuffle => shuffle.Shuffle)];
        _bucketCount = bucketCount;
    }

    public override IReadOnlyList<Partition> Partitions { get; } = Partition.Numbered(1);

    public override IReadOnlyList<Dependency> Dependencies => _dependencies;

    protected override BatchReader<long> Compute(Partition partition, TaskContext context)
    {
        context.RunningOperator = CallSite;
        var sums = new long[_bucketCount];
        foreach (var shuffle in _shuffles)
        {
            var bytes = context.Shuffle.BucketBytes(shuffle, context);
            for (var bucket = 0; bucket < bytes.Length; bucket++)
            {
                sums[bucket] += bytes[bucket];
            }
        }

        return new ArrayReader<long>(sums);
    }
}
