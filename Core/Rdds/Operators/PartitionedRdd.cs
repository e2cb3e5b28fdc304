using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>The same pairs, each in the partition that its key belongs to. Wide.</summary>
internal sealed class PartitionedRdd<TKey, TValue>(ShuffleDependency<TKey, TValue, TValue> dependency, CallSite callSite)
    : ShuffleReadRdd<(TKey Key, TValue Value)>(dependency, dependency.Partitioner, callSite)
    where TKey : notnull
{
    protected override BatchReader<(TKey Key, TValue Value)> Open(BucketRange buckets, TaskContext context) =>
        context.Shuffle.ReadBucket<TKey, TValue>(Shuffle, buckets, context);
}
