using Dpark.Workers;

namespace Dpark.Shuffle;

/// <summary>A registry in memory with small pages, which counts what it is asked.</summary>
internal sealed class FakeRegistry : IMapOutputRegistryGrain
{
    private int _asked;

    public MapOutputTable Table { get; } = new();

    public int AskedCount => Volatile.Read(ref _asked);

    /// <summary>Called with the number of the call, from 1, before it is answered.</summary>
    public Action<int> OnAsked { get; set; } = static _ => { };

    public Task<MapOutputPage> GetAsync(ShuffleId shuffle, long minimumEpoch, int firstMap, CancellationToken cancellationToken)
    {
        const int MaxPageBytes = 400;
        OnAsked(Interlocked.Increment(ref _asked));
        return Task.FromResult(Table.Find(shuffle) is { IsComplete: true } list && list.Epoch >= minimumEpoch
            ? new MapOutputPage(true, list.Epoch, list.MapCount, list.Page(firstMap, MaxPageBytes))
            : new MapOutputPage(false, 0, 0, []));
    }

    public Task<Guid> RegisterAsync(MapOutputRegistration registration, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Guid> ForgetAsync(ShuffleId shuffle, int[] mapIndexes, long epoch, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<Guid> ForgetWorkerAsync(WorkerId worker, long epoch, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<WorkerId[]> RemoveShuffleAsync(ShuffleId shuffle, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<ShuffleSummary> SummarizeAsync(ShuffleId shuffle, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task ClearAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}
