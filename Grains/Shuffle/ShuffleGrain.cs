using Dpark.Workers;
using Orleans.Placement;

namespace Dpark.Shuffle;

/// <summary>Deletes one shuffle everywhere; see <see cref="IShuffleGrain"/>.</summary>
[GrainType("dpark.shuffle")]
[PreferLocalPlacement]
internal sealed class ShuffleGrain(WorkerBroadcaster workers) : Grain, IShuffleGrain
{
    private bool _isDeleted;

    public async Task DeleteAsync(CancellationToken cancellationToken)
    {
        var shuffle = ShuffleGrainKeys.Parse(this.GetPrimaryKeyString());
        var registry = GrainFactory.GetGrain<IMapOutputRegistryGrain>(shuffle.Application.Value);
        _isDeleted = true;
        var holders = await registry.RemoveShuffleAsync(shuffle, cancellationToken);

        // Also those that the registry does not know: an attempt whose result came too late has left a file, or writes one at this moment.
        await workers.TellAllAsync(
            holders, (worker, token) => worker.DeleteShuffleAsync(shuffle, token), $"delete {shuffle} of {shuffle.Application}", cancellationToken);
    }

    public async Task<ShuffleSummary> GetStateAsync(CancellationToken cancellationToken)
    {
        var shuffle = ShuffleGrainKeys.Parse(this.GetPrimaryKeyString());
        var summary = await GrainFactory.GetGrain<IMapOutputRegistryGrain>(shuffle.Application.Value).SummarizeAsync(shuffle, cancellationToken);
        return summary with { IsDeleted = _isDeleted };
    }
}
