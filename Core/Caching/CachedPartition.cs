using Dpark.Rdds;

namespace Dpark.Caching;

/// <summary>One partition that a worker keeps.</summary>
/// <param name="PartitionIndex">Which partition of the RDD, from 0.</param>
/// <param name="Bytes">Memory that it takes, estimated.</param>
/// <param name="RecordCount">Elements in it.</param>
[GenerateSerializer, Immutable, Alias("dpark.CachedPartition")]
public sealed record CachedPartition(
    [property: Id(0)] RddId Rdd,
    [property: Id(1)] int PartitionIndex,
    [property: Id(2)] StorageLevel Level,
    [property: Id(3)] long Bytes,
    [property: Id(4)] long RecordCount);
