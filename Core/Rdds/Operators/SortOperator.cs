using Dpark.Codecs;
using Dpark.Partitioning;

namespace Dpark.Rdds.Operators;

/// <summary>Puts a sort together: ranges from a sample, a shuffle to the ranges, and a sort of each.</summary>
internal static class SortOperator
{
    public static Rdd<T> Create<T, TKey>(
        Rdd<T> parent, Func<T, TKey> keySelector, bool isDescending, int? partitionCount, IComparer<TKey>? comparer, CallSite callSite)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitionCount ?? 1, 1, nameof(partitionCount));
        if (comparer is null)
        {
            DefaultOrder<TKey>.EnsureComparable(callSite);
        }

        RecordCodec.EnsureSupported<(long, T)>();
        RecordCodec.EnsureSupported<(TKey, double)>();
        var partitioner = partitionCount is { } count
            ? new BucketPartitioner(count)
            : PartitionerChoice.New([parent], static count => new BucketPartitioner(count), canJoin: false);
        var ranged = new RangeKeyedRdd<T, TKey>(parent, keySelector, comparer, isDescending, partitioner, callSite);
        var dependency = new ShuffleDependency<long, T, T>(ranged, partitioner, aggregator: null, callSite);
        return new SortedRdd<T, TKey>(dependency, keySelector, comparer, isDescending, callSite);
    }
}
