namespace Dpark.Partitioning;

/// <summary>Puts all keys into one bucket. Does not leave its task.</summary>
internal sealed class OneBucketPartitioner : Partitioner
{
    /// <summary>The only one.</summary>
    public static readonly OneBucketPartitioner Instance = new();

    private OneBucketPartitioner()
    {
    }

    public override int PartitionCount => 1;

    public override void PartitionsOf<TKey>(ReadOnlySpan<TKey> keys, Span<int> partitions) => partitions[..keys.Length].Clear();

    public override bool Equals(Partitioner? other) => other is OneBucketPartitioner;

    public override int GetHashCode() => 1;
}
