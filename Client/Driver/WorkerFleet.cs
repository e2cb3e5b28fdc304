using System.Collections.Concurrent;
using Dpark.Broadcasting;
using Dpark.Caching;
using Dpark.Rdds;
using Dpark.Scheduling;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Driver;

/// <summary>The workers of the cluster as the master lists them: follows the list, tells the scheduler who joins and who is lost. Thread-safe.</summary>
/// <remarks>
/// <para>A worker is lost when the master's list no longer has it, which means that it stopped or that membership declared its silo dead. A call that fails never
/// makes it lost.</para>
/// <para>When the master's own silo dies, a new activation begins with an empty list (another generation), and workers register again within seconds. Workers that
/// the new list does not have yet are kept for <see cref="RegistrationGrace"/>, except those that the master knows to be dead.</para>
/// </remarks>
internal sealed partial class WorkerFleet(
    IClusterClient client,
    GatewayWatch gateways,
    DriverSettings settings,
    Action<SchedulerEvent[]> tell,
    ActivityGate activity,
    TimeProvider timeProvider,
    ILoggerFactory loggers)
{
    private const int MaxCopyTargets = 3;

    private static readonly TimeSpan RegistrationGrace = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan WatchHold = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan SilenceCheckInterval = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<WorkerId, WorkerLink> _links = [];
    private readonly ILogger<WorkerFleet> _logger = loggers.CreateLogger<WorkerFleet>();
    private volatile TaskCompletionSource _anyWorker = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Guid _generation;
    private long _version;
    private long? _graceFrom;

    /// <summary>Slots of all workers; 0 if none is known.</summary>
    public int SlotCount => _links.Values.Sum(link => link.Info.SlotCount);

    public WorkerLink? Find(WorkerId worker) => _links.GetValueOrDefault(worker);

    /// <summary>Waits until there is a worker that serves blocks.</summary>
    /// <returns>At least one.</returns>
    public async Task<IReadOnlyList<WorkerInfo>> WaitForAnyAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var signal = _anyWorker;
            WorkerInfo[] found = [.. _links.Values.Select(link => link.Info).OrderBy(info => info.SlotCount == 0 || info.IsStandIn).ThenBy(info => info.Id.Value, StringComparer.Ordinal)];
            if (found.Length > 0)
            {
                return found;
            }

            await signal.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Workers that may hold copies of what a task of a partition keeps on a worker: others, those on other hosts first, in an order that differs by partition.</summary>
    public IReadOnlyList<CachePeer> ListCopyTargets(int partition, WorkerId worker)
    {
        var host = Find(worker)?.Info.Host;
        WorkerInfo[] others =
        [
            .. _links.Values.Select(link => link.Info).Where(info => info.Id != worker && info is { SlotCount: > 0, IsStandIn: false }).OrderBy(info => info.Id.Value, StringComparer.Ordinal),
        ];
        return
        [
            .. others.Select((_, i) => others[(i + partition) % others.Length])
                .OrderBy(info => string.Equals(info.Host, host, StringComparison.OrdinalIgnoreCase))
                .Take(MaxCopyTargets)
                .Select(info => new CachePeer(info.Id, info.BlockEndpoint)),
        ];
    }

    /// <summary>Reads the list once.</summary>
    public async Task LoadAsync(CancellationToken cancellationToken) => Apply(await AskAsync(TimeSpan.Zero, cancellationToken).ConfigureAwait(false), cancellationToken);

    /// <summary>Follows the list until it is cancelled.</summary>
    public async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                Apply(await AskAsync(NextHold(), cancellationToken).ConfigureAwait(false), cancellationToken);
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever happens to the master or to the way there, workers and jobs go on.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogWatchFailed(e, settings.Application);
                await Task.Delay(RetryDelay, timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Tells all workers to drop what they keep of an RDD, and waits until each has done so or is gone.</summary>
    public Task DropCachedAsync(RddId rdd, CancellationToken cancellationToken) =>
        DropAsync($"{rdd}", (worker, token) => worker.DropRddAsync(settings.Application, rdd, token), cancellationToken);

    /// <summary>Tells all workers to delete their copies of a broadcast value, and waits until each has done so or is gone.</summary>
    /// <param name="pieceCount">Pieces that it was cut into; 0 if it was not.</param>
    public Task DropBroadcastAsync(BroadcastId broadcast, int pieceCount, CancellationToken cancellationToken) =>
        DropAsync($"{broadcast}", (worker, token) => worker.DropBroadcastAsync(settings.Application, broadcast, pieceCount, token), cancellationToken);

    /// <summary>Looks from time to time whether workers answer, until it is cancelled.</summary>
    public async Task WatchSilenceAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(SilenceCheckInterval, timeProvider);

        // A wait that is cancelled makes an exception with its stack, for which the framework reads symbols; one whose timer goes just ends.
        using var end = cancellationToken.UnsafeRegister(static timer => ((PeriodicTimer)timer!).Dispose(), timer);
        while (await timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false))
        {
            foreach (var link in _links.Values)
            {
                link.CheckSilence();
            }
        }
    }

    /// <summary>Waits for what the links still do. After the cancellation of their token.</summary>
    public Task StopAsync() => Task.WhenAll(_links.Values.Select(link => link.StopAsync()));

    private Task DropAsync(string what, Func<IWorkerGrain, CancellationToken, Task> drop, CancellationToken cancellationToken) =>
        Task.WhenAll(_links.Values.Select(link => link.DropAsync(what, drop))).WaitAsync(cancellationToken);

    private TimeSpan NextHold()
    {
        if (_graceFrom is not { } from)
        {
            return WatchHold;
        }

        var left = RegistrationGrace - timeProvider.GetElapsedTime(from);
        return left < TimeSpan.Zero ? TimeSpan.Zero : left < WatchHold ? left : WatchHold;
    }

    private Task<WorkerList> AskAsync(TimeSpan hold, CancellationToken cancellationToken) =>
        gateways.RunAsync(() => client.GetGrain<IMasterGrain>(IMasterGrain.Key).WatchWorkersAsync(_generation, _version, hold, cancellationToken), cancellationToken);

    private void Apply(WorkerList list, CancellationToken cancellationToken)
    {
        if (list.Generation != _generation)
        {
            _graceFrom = _generation == default ? null : timeProvider.GetTimestamp();
        }

        (_generation, _version) = (list.Generation, list.Version);
        List<SchedulerEvent> news = [];
        foreach (var info in list.Workers)
        {
            Join(info, news, cancellationToken);
        }

        var isGraceOver = _graceFrom is not { } from || timeProvider.GetElapsedTime(from) >= RegistrationGrace;
        if (isGraceOver)
        {
            _graceFrom = null;
            HashSet<WorkerId> listed = [.. list.Workers.Select(info => info.Id)];
            Drop(_links.Keys.Where(worker => !listed.Contains(worker)), news);
        }
        else
        {
            Drop(list.Gone, news);
        }

        if (news.Count > 0)
        {
            tell([.. news]);
        }

        if (!_links.IsEmpty)
        {
            _anyWorker.TrySetResult();
        }
        else if (_anyWorker.Task.IsCompleted)
        {
            _anyWorker = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private void Join(WorkerInfo info, List<SchedulerEvent> news, CancellationToken cancellationToken)
    {
        if (_links.TryGetValue(info.Id, out var link))
        {
            if (link.Info == info)
            {
                return;
            }

            link.Info = info;
        }
        else
        {
            link = new WorkerLink(info, client, gateways, settings, tell, activity, timeProvider, loggers.CreateLogger<WorkerLink>());
            _links.TryAdd(info.Id, link);
            LogJoined(info.Id, info.Host, info.SlotCount);
            link.Start(cancellationToken);
        }

        news.Add(new WorkerJoined(info.Id, info.Host, info.SlotCount) { MemoryBytes = info.MemoryBytes, IsStandIn = info.IsStandIn });
    }

    private void Drop(IEnumerable<WorkerId> lost, List<SchedulerEvent> news)
    {
        foreach (var worker in lost)
        {
            if (_links.TryRemove(worker, out var link))
            {
                LogLost(worker);
                _ = link.StopAsync();
                news.Add(new WorkerLost(worker, "It left the cluster: it was stopped, or membership declared its silo dead."));
            }
        }
    }

    [LoggerMessage(LogLevel.Information, "Worker {Worker} on {Host} joined with {SlotCount} slots.")]
    private partial void LogJoined(WorkerId worker, string host, int slotCount);

    [LoggerMessage(LogLevel.Warning, "Worker {Worker} left the cluster. Its tasks run elsewhere, and what it stored is computed again if it is needed.")]
    private partial void LogLost(WorkerId worker);

    [LoggerMessage(LogLevel.Information, "{Application} could not ask the master for its workers. It asks again; jobs go on with those that are known.")]
    private partial void LogWatchFailed(Exception exception, Dpark.Applications.AppId application);
}
