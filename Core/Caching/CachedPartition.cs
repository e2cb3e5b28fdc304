using Dpark.Rdds;

namespace Dpark.Caching;

/// <summary>One partition that a worker keeps.</summary>
/// <param name="PartitionIndex">Which partition of the RDD, from 0.</param>
/// <param name="Level">The level that was asked for.</param>
/// <param name="Bytes">What it takes where it is: memory, estimated, or its file.</param>
/// <param name="RecordCount">Elements in it.</param>
[GenerateSerializer, Immutable, Alias("dpark.CachedPartition")]
public sealed record CachedPartition(
    [property: Id(0)] RddId Rdd,
    [property: Id(1)] int PartitionIndex,
    [property: Id(2)] StorageLevel Level,
    [property: Id(3)] long Bytes,
    [property: Id(4)] long RecordCount)
{
    /// <summary>Whether it is in the work directories, not in memory.</summary>
    [Id(5)]
    public bool IsOnDisk { get; init; }
}
