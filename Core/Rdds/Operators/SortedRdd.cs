using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>
/// All elements in order: each partition is sorted, and follows the one before it. Stable: elements with equal keys stay in the order that the parent has.
/// Wide; a partition that does not fit in memory is sorted in runs on disk.
/// </summary>
internal sealed class SortedRdd<T, TKey>(
    ShuffleDependency<long, T, T> dependency, Func<T, TKey> keySelector, IComparer<TKey>? comparer, bool isDescending, CallSite callSite)
    : ShuffleReadRdd<T>(dependency, partitioner: null, callSite)
{
    protected override BatchReader<T> Open(BucketRange buckets, TaskContext context) =>
        context.Shuffle.ReadSorted(Shuffle, buckets, keySelector, comparer, isDescending, context);
}
