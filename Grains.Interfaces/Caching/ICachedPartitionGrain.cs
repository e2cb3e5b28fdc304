using Dpark.Workers;
using Orleans.Concurrency;

namespace Dpark.Caching;

/// <summary>Who holds one cached partition. Keyed by application, RDD and partition, see <see cref="CachedPartitionKeys"/>. Workers tell it, drivers ask it.</summary>
/// <remarks>Nothing is stored and nothing depends on it: an activation that starts empty costs locality, never a result.</remarks>
[Alias("dpark.ICachedPartitionGrain")]
public interface ICachedPartitionGrain : IGrainWithStringKey
{
    /// <summary>A worker keeps the partition.</summary>
    [Alias("AddHolder")]
    Task AddHolderAsync(WorkerId worker, CachedPartition partition, CancellationToken cancellationToken);

    /// <summary>A worker dropped the partition.</summary>
    [Alias("RemoveHolder")]
    Task RemoveHolderAsync(WorkerId worker, CancellationToken cancellationToken);

    /// <summary>The workers that hold it, latest first. Empty if none is known.</summary>
    [Alias("ListHolders"), ReadOnly]
    Task<WorkerId[]> ListHoldersAsync(CancellationToken cancellationToken);
}
