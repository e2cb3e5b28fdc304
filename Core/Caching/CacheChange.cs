using Dpark.Applications;
using Dpark.Rdds;

namespace Dpark.Caching;

/// <summary>A worker keeps a partition, or has dropped it.</summary>
/// <param name="Kept">What is kept; <see langword="null"/> if it was dropped.</param>
public readonly record struct CacheChange(AppId Application, RddId Rdd, int PartitionIndex, CachedPartition? Kept);
