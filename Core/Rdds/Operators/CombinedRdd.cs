using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>One pair per key, its values combined on the map side and again here. Wide.</summary>
internal sealed class CombinedRdd<TKey, TValue, TCombined>(
    ShuffleDependency<TKey, TValue, TCombined> dependency, Func<TCombined, TCombined, TCombined> merge, CallSite callSite)
    : ShuffleReadRdd<(TKey Key, TCombined Value)>(dependency, dependency.Partitioner, callSite)
    where TKey : notnull
{
    protected override BatchReader<(TKey Key, TCombined Value)> Open(BucketRange buckets, TaskContext context) =>
        context.Shuffle.ReadCombined<TKey, TCombined>(Shuffle, buckets, merge, context);

    private protected override BatchReader<(TKey Key, TCombined Value)> Blame(BatchReader<(TKey Key, TCombined Value)> source, TaskContext context) =>
        new BlamedPairReader<TKey, TCombined>(source, CallSite, context);
}
