using Dpark.Partitioning;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Rdds.Operators;

/// <summary>One side of a join, as a task reads it: a bucket of a shuffle, or a partition of an RDD whose keys are spread as the join needs them.</summary>
internal abstract class JoinInput<TKey, TValue>
    where TKey : notnull
{
    /// <summary>The pairs of one partition.</summary>
    /// <param name="buckets">Of a shuffle: the buckets that are the partition of the join.</param>
    /// <param name="source">The partition of the RDD that is read in place; <see langword="null"/> for a shuffle.</param>
    /// <param name="maps">Of a shuffle: the map outputs that are read.</param>
    public abstract BatchReader<(TKey Key, TValue Value)> Open(BucketRange buckets, Partition? source, MapRange maps, TaskContext context);

    /// <summary>As <see cref="Open"/>, opened when it is needed.</summary>
    public abstract JoinSide<TKey, TValue> SideOf(BucketRange buckets, Partition? source, MapRange maps, TaskContext context);

    /// <summary>As <see cref="Open"/> with all map outputs, one pair per key.</summary>
    public abstract BatchReader<(TKey Key, TValue[] Values)> OpenGrouped(BucketRange buckets, Partition? source, TaskContext context);

    /// <summary>Reads <paramref name="rdd"/> in place if it is partitioned by <paramref name="partitioner"/>, else through a shuffle.</summary>
    public static (JoinInput<TKey, TValue> Input, Dependency Dependency) Create(
        Rdd<(TKey Key, TValue Value)> rdd, Partitioner partitioner, CallSite callSite)
    {
        if (rdd.IsKeptPartitionedBy(partitioner))
        {
            return (new InPlaceInput<TKey, TValue>(rdd), NarrowDependency.OneToOne(rdd));
        }

        var shuffle = new ShuffleDependency<TKey, TValue, TValue>(rdd, partitioner, aggregator: null, callSite);
        return (new ShuffledInput<TKey, TValue>(shuffle.Shuffle), shuffle);
    }
}

/// <inheritdoc/>
internal sealed class InPlaceInput<TKey, TValue>(Rdd<(TKey Key, TValue Value)> rdd) : JoinInput<TKey, TValue>
    where TKey : notnull
{
    public override BatchReader<(TKey Key, TValue Value)> Open(BucketRange buckets, Partition? source, MapRange maps, TaskContext context) => rdd.Read(source!, context);

    public override JoinSide<TKey, TValue> SideOf(BucketRange buckets, Partition? source, MapRange maps, TaskContext context) =>
        new(() => rdd.Read(source!, context), Measure: null);

    public override BatchReader<(TKey Key, TValue[] Values)> OpenGrouped(BucketRange buckets, Partition? source, TaskContext context) =>
        LocalGrouping.Open(rdd.Read(source!, context), context);
}

/// <inheritdoc/>
internal sealed class ShuffledInput<TKey, TValue>(ShuffleId shuffle) : JoinInput<TKey, TValue>
    where TKey : notnull
{
    public override BatchReader<(TKey Key, TValue Value)> Open(BucketRange buckets, Partition? source, MapRange maps, TaskContext context) =>
        context.Shuffle.ReadBucket<TKey, TValue>(shuffle, buckets, maps, context);

    public override JoinSide<TKey, TValue> SideOf(BucketRange buckets, Partition? source, MapRange maps, TaskContext context) =>
        new(() => Open(buckets, source, maps, context), () => context.Shuffle.Measure(shuffle, buckets, maps, context));

    public override BatchReader<(TKey Key, TValue[] Values)> OpenGrouped(BucketRange buckets, Partition? source, TaskContext context) =>
        context.Shuffle.ReadGrouped<TKey, TValue>(shuffle, buckets, context);
}
