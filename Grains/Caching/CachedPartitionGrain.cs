using Dpark.Workers;
using Orleans.Placement;

namespace Dpark.Caching;

/// <summary>Remembers who holds one cached partition; see <see cref="ICachedPartitionGrain"/>. Lives on the worker that keeps it first.</summary>
[GrainType("dpark.cachedpartition")]
[PreferLocalPlacement]
internal sealed class CachedPartitionGrain : Grain, ICachedPartitionGrain
{
    private readonly List<WorkerId> _holders = [];

    public Task AddHolderAsync(WorkerId worker, CachedPartition partition, CancellationToken cancellationToken)
    {
        _holders.Remove(worker);
        _holders.Insert(0, worker);
        return Task.CompletedTask;
    }

    public Task RemoveHolderAsync(WorkerId worker, CancellationToken cancellationToken)
    {
        _holders.Remove(worker);
        if (_holders.Count == 0)
        {
            DeactivateOnIdle();
        }

        return Task.CompletedTask;
    }

    public Task<WorkerId[]> ListHoldersAsync(CancellationToken cancellationToken) => Task.FromResult(_holders.ToArray());
}
