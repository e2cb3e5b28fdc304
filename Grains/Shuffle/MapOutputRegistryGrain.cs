using Dpark.Workers;
using Microsoft.Extensions.Logging;
using Orleans.Placement;

namespace Dpark.Shuffle;

/// <summary>Fronts the <see cref="MapOutputTable"/> of one application; see <see cref="IMapOutputRegistryGrain"/>.</summary>
[GrainType("dpark.mapoutputregistry")]
[PreferLocalPlacement]
internal sealed partial class MapOutputRegistryGrain(ILogger<MapOutputRegistryGrain> logger) : Grain, IMapOutputRegistryGrain
{
    private const int MaxPageBytes = 512 << 10;

    private readonly MapOutputTable _table = new();
    private readonly Guid _generation = Guid.NewGuid();

    public Task<Guid> RegisterAsync(MapOutputRegistration registration, CancellationToken cancellationToken)
    {
        _table.Register(registration.Shuffle, registration.MapCount, registration.Outputs, registration.Epoch, registration.IsLast);

        // Losing the table costs a round through the driver for every shuffle; it goes when the application ends.
        DelayDeactivation(TimeSpan.MaxValue);
        return Task.FromResult(_generation);
    }

    public Task<Guid> ForgetAsync(ShuffleId shuffle, int[] mapIndexes, long epoch, CancellationToken cancellationToken)
    {
        _table.Forget(shuffle, mapIndexes, epoch);
        return Task.FromResult(_generation);
    }

    public Task<Guid> ForgetWorkerAsync(WorkerId worker, long epoch, CancellationToken cancellationToken)
    {
        var count = _table.ForgetWorker(worker, epoch);
        LogWorkerForgotten(worker, count, epoch);
        return Task.FromResult(_generation);
    }

    public Task<WorkerId[]> RemoveShuffleAsync(ShuffleId shuffle, CancellationToken cancellationToken) => Task.FromResult(_table.Remove(shuffle));

    public Task<MapOutputPage> GetAsync(ShuffleId shuffle, long minimumEpoch, int firstMap, CancellationToken cancellationToken) =>
        Task.FromResult(_table.Find(shuffle) is { IsComplete: true } list && list.Epoch >= minimumEpoch
            ? new MapOutputPage(true, list.Epoch, list.MapCount, list.Page(firstMap, MaxPageBytes))
            : new MapOutputPage(false, 0, 0, []));

    public Task<ShuffleSummary> SummarizeAsync(ShuffleId shuffle, CancellationToken cancellationToken) =>
        Task.FromResult(_table.Find(shuffle) is { } list
            ? new ShuffleSummary(list.MapCount, list.RegisteredCount, list.ReducePartitionCount, list.Bytes, IsDeleted: false)
            : new ShuffleSummary(0, 0, 0, 0, IsDeleted: false));

    public Task ClearAsync(CancellationToken cancellationToken)
    {
        _table.Clear();
        DelayDeactivation(TimeSpan.Zero);
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Information, "Worker {Worker} was lost with {MapCount} map outputs; the epoch is now {Epoch}.")]
    private partial void LogWorkerForgotten(WorkerId worker, int mapCount, long epoch);
}
