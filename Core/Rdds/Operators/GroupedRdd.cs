using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>One pair per key, with all its values. Wide.</summary>
internal sealed class GroupedRdd<TKey, TValue>(ShuffleDependency<TKey, TValue, TValue> dependency, CallSite callSite)
    : ShuffleReadRdd<(TKey Key, TValue[] Values)>(dependency, dependency.Partitioner, callSite)
    where TKey : notnull
{
    protected override BatchReader<(TKey Key, TValue[] Values)> Open(BucketRange buckets, TaskContext context) =>
        context.Shuffle.ReadGrouped<TKey, TValue>(Shuffle, buckets, context);
}
