using Dpark.Codecs;
using Dpark.Partitioning;
using Dpark.Shuffle;

namespace Dpark.Rdds.Operators;

/// <summary>Puts operators by key together: in place where the keys are partitioned already, else with a shuffle.</summary>
internal static class PairOperators
{
    public static Rdd<(TKey Key, TCombined Value)> Combine<TKey, TValue, TCombined>(
        Rdd<(TKey Key, TValue Value)> parent, Aggregator<TValue, TCombined> aggregator, Partitioner partitioner, CallSite callSite)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(partitioner);
        if (parent.IsKeptPartitionedBy(partitioner))
        {
            return new LocallyCombinedRdd<TKey, TValue, TCombined>(parent, aggregator, callSite);
        }

        RecordCodec.EnsureSupported<(TKey, TCombined)>();
        var dependency = new ShuffleDependency<TKey, TValue, TCombined>(parent, partitioner, aggregator, callSite);
        return new CombinedRdd<TKey, TValue, TCombined>(dependency, aggregator.MergeCombined, callSite);
    }

    public static Rdd<(TKey Key, TValue[] Values)> Group<TKey, TValue>(Rdd<(TKey Key, TValue Value)> parent, int? partitionCount, CallSite callSite)
        where TKey : notnull => Group(parent, PartitionerChoice.For<TKey>(partitionCount, [parent]), callSite);

    public static Rdd<(TKey Key, TValue[] Values)> Group<TKey, TValue>(
        Rdd<(TKey Key, TValue Value)> parent, Partitioner partitioner, CallSite callSite)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(partitioner);
        if (parent.IsKeptPartitionedBy(partitioner))
        {
            return new LocallyGroupedRdd<TKey, TValue>(parent, callSite);
        }

        RecordCodec.EnsureSupported<(TKey, TValue)>();
        return new GroupedRdd<TKey, TValue>(new ShuffleDependency<TKey, TValue, TValue>(parent, partitioner, aggregator: null, callSite), callSite);
    }

    public static Rdd<(TKey Key, TValue Value)> Partition<TKey, TValue>(
        Rdd<(TKey Key, TValue Value)> parent, Partitioner partitioner, CallSite callSite)
        where TKey : notnull
    {
        ArgumentNullException.ThrowIfNull(partitioner);
        if (parent.IsKeptPartitionedBy(partitioner))
        {
            return parent;
        }

        RecordCodec.EnsureSupported<(TKey, TValue)>();
        return new PartitionedRdd<TKey, TValue>(new ShuffleDependency<TKey, TValue, TValue>(parent, partitioner, aggregator: null, callSite), callSite);
    }

    public static Rdd<(TKey Key, (TLeft[] Left, TRight[] Right) Value)> CoGroup<TKey, TLeft, TRight>(
        Rdd<(TKey Key, TLeft Value)> left, Rdd<(TKey Key, TRight Value)> right, int? partitionCount, CallSite callSite)
        where TKey : notnull
    {
        var partitioner = PartitionerOf(left, right, partitionCount, callSite);
        return new CoGroupedRdd<TKey, TLeft, TRight>(left, right, partitioner, callSite);
    }

    public static Rdd<(TKey Key, (TLeftOut Left, TRightOut Right) Value)> Join<TKey, TLeft, TRight, TLeftOut, TRightOut>(
        Rdd<(TKey Key, TLeft Value)> left,
        Rdd<(TKey Key, TRight Value)> right,
        int? partitionCount,
        UnmatchedPairs unmatched,
        (Func<TLeft, TLeftOut> Left, Func<TRight, TRightOut> Right) present,
        CallSite callSite)
        where TKey : notnull
    {
        var partitioner = PartitionerOf(left, right, partitionCount, callSite);
        var cuttable = partitionCount is null ? CuttableSides(unmatched) : JoinSides.None;
        return new JoinedRdd<TKey, TLeft, TRight, TLeftOut, TRightOut>(left, right, partitioner, cuttable, unmatched, present, callSite);
    }

    // A pair without a partner must be met by all of the other side, so that side is read whole.
    private static JoinSides CuttableSides(UnmatchedPairs unmatched) =>
        ((unmatched & UnmatchedPairs.Right) == 0 ? JoinSides.Left : JoinSides.None) | ((unmatched & UnmatchedPairs.Left) == 0 ? JoinSides.Right : JoinSides.None);

    private static Partitioner PartitionerOf<TKey, TLeft, TRight>(
        Rdd<(TKey Key, TLeft Value)> left, Rdd<(TKey Key, TRight Value)> right, int? partitionCount, CallSite callSite)
        where TKey : notnull
    {
        left.EnsureSameContext(right, callSite);
        RecordCodec.EnsureSupported<(TKey, TLeft)>();
        RecordCodec.EnsureSupported<(TKey, TRight)>();
        return PartitionerChoice.For<TKey>(partitionCount, left, right);
    }
}
