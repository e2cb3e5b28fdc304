using Dpark.Rdds;
using Dpark.Shuffle;

namespace Dpark.Partitioning;

/// <summary>Says to which partition a key belongs. Equal partitioners put equal keys into equal partitions, so a join of equally partitioned RDDs needs no shuffle.</summary>
/// <remarks>Travels with the stage. Thread-safe and the same on every machine: never built on <see cref="object.GetHashCode"/> of strings.</remarks>
public abstract class Partitioner : IEquatable<Partitioner>
{
    /// <summary>How many partitions there are. At least 1.</summary>
    public abstract int PartitionCount { get; }

    /// <summary>The partition of each key, in order.</summary>
    /// <param name="keys">Any number of keys.</param>
    /// <param name="partitions">Receives a number from 0 to <see cref="PartitionCount"/> - 1 for each key. At least as long as <paramref name="keys"/>.</param>
    public abstract void PartitionsOf<TKey>(ReadOnlySpan<TKey> keys, Span<int> partitions);

    /// <summary>Whether both put every key into the same partition.</summary>
    public abstract bool Equals(Partitioner? other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Partitioner);

    /// <inheritdoc/>
    public abstract override int GetHashCode();

    /// <summary>What map tasks write by: a bucket for each of its partitions. Several neighbouring buckets may be one partition.</summary>
    internal virtual Partitioner Buckets => this;

    /// <summary>The partitions of an RDD that reads a shuffle by it.</summary>
    internal virtual Partition[] CreatePartitions() => Partition.Numbered(PartitionCount);

    /// <summary>The buckets of a partition.</summary>
    internal virtual BucketRange BucketsOf(int partition) => new(partition, 1);
}
