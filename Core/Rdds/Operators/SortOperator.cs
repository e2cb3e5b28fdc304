using Dpark.Codecs;
using Dpark.Partitioning;

namespace Dpark.Rdds.Operators;

/// <summary>Puts a sort together: ranges from a sample, a shuffle to the ranges, and a sort of each.</summary>
internal static class SortOperator
{
    public static Rdd<T> Create<T, TKey>(
        Rdd<T> parent, Func<T, TKey> keySelector, bool isDescending, int? partitionCount, IComparer<TKey>? comparer, CallSite callSite)
    {
        var count = partitionCount ?? parent.Context.DefaultParallelism;
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1, nameof(partitionCount));
        if (comparer is null)
        {
            DefaultOrder<TKey>.EnsureComparable(callSite);
        }

        RecordCodec.EnsureSupported<(long, T)>();
        RecordCodec.EnsureSupported<(TKey, double)>();
        var ranged = new RangeKeyedRdd<T, TKey>(parent, keySelector, comparer, isDescending, count, callSite);
        var dependency = new ShuffleDependency<long, T, T>(ranged, new BucketPartitioner(count), aggregator: null, callSite);
        return new SortedRdd<T, TKey>(dependency, keySelector, comparer, isDescending, callSite);
    }
}
