using Dpark.Applications;
using Dpark.Broadcasting;
using Dpark.Caching;
using Dpark.Configuration;
using Dpark.Diagnostics;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Storage;
using Dpark.Tasks;
using Microsoft.Extensions.Logging;

namespace Dpark.Workers;

/// <summary>
/// One worker: its executor, outbox, stores and caches. A singleton of its silo, made by the host when work directories and block server are there; grains only
/// front it, so an activation that is lost takes nothing with it. Thread-safe.
/// </summary>
/// <remarks>
/// <para>It stops in two steps. <see cref="StopAsync"/> ends the attempts, whose last reports wait for their drivers; <see cref="DisposeAsync"/> ends everything.
/// A killed silo goes to <see cref="Abort"/> first.</para>
/// <para>Whoever adds something that it keeps for an application: it is deleted in <see cref="EndApplicationAsync"/>.</para>
/// </remarks>
internal sealed partial class Worker : IAsyncDisposable
{
    /// <summary>What still writes when its application ends gets this long; the next check deletes what it left.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan MaxPollWait = TimeSpan.FromSeconds(20);

    private readonly WorkerStorage _storage;
    private readonly IGrainFactory _grains;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger<Worker> _logger;
    private readonly Outbox _outbox;
    private readonly WorkerApplications _applications;
    private readonly MapOutputSource _mapOutputs;
    private readonly PartitionCache _cache;
    private readonly CacheReporter _reporter;
    private readonly Executor _executor;

    // Never disposed: calls that come late look at it, and it holds nothing that must be freed.
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private readonly HashSet<AppId> _endedLately = [];
    private readonly HashSet<AppId> _standInUsers = [];
    private WorkerInfo _info;
    private bool _isAborted;

    /// <param name="info">Who it is, with the endpoint of its block server.</param>
    /// <param name="client">Fetches from other workers. Not owned.</param>
    public Worker(
        WorkerInfo info,
        WorkerStorage storage,
        BlockClient client,
        ExecutorOptions executor,
        ShuffleOptions shuffle,
        CacheOptions cache,
        IGrainFactory grains,
        TimeProvider timeProvider,
        ILoggerFactory loggers)
    {
        _info = info;
        _storage = storage;
        _grains = grains;
        _timeProvider = timeProvider;
        _logger = loggers.CreateLogger<Worker>();
        _outbox = new(timeProvider, storage.Memory);
        var contents = new PublishedContents(
            info.Id, info.BlockEndpoint, storage.Blocks, client, key => grains.GetGrain<IBroadcastGrain>(key),
            storage.Memory.AddHolder("contents that arrive", giveUp: null), loggers.CreateLogger<PublishedContents>());
        _applications = new(contents, storage.Memory);
        _reporter = new(info.Id, key => grains.GetGrain<ICachedPartitionGrain>(key), _applications.TryEnter, loggers.CreateLogger<CacheReporter>());
        _cache = new(cache, storage.Disk, _reporter.Add, storage.Memory)
        {
            Peers = new CachePeers(new CachePeer(info.Id, info.BlockEndpoint), client, grains, loggers.CreateLogger<CachePeers>()),
        };
        _mapOutputs = new(info.Id, info.BlockEndpoint, application => grains.GetGrain<IMapOutputRegistryGrain>(application.Value));
        var store = new ShuffleStore(info.Id, storage.MapOutputs, _mapOutputs, client, shuffle);
        var services = new WorkerTaskServices(info.Id, info.BlockEndpoint, storage.Blocks, store, _cache, _applications, storage.Memory);
        _executor = new(
            info.Id, executor, _applications, services, _outbox, timeProvider, loggers.CreateLogger<Executor>(), DparkInstruments.OnEnded, _mapOutputs.AddOwn);
    }

    /// <summary>Who it is, with the slots that tasks can have now: fewer than configured while some are held by tasks that do not stop.</summary>
    public WorkerInfo Info
    {
        get
        {
            var info = Volatile.Read(ref _info);
            var usable = _executor.UsableSlotCount;
            return info.SlotCount <= usable ? info : info with { SlotCount = usable };
        }
    }

    /// <summary>Starts a process beside this one; <see langword="null"/> where the host cannot.</summary>
    public IStandInStarter? StandIn { get; init; }

    /// <summary>Fires when the worker takes no more calls that wait.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Its cached partitions, for the block server.</summary>
    public ICachedPartitionSource Cache => _cache;

    /// <summary>What it does now.</summary>
    public WorkerStatus Status => new(Info, _executor.Status, _cache.Bytes, _applications.List().Length);

    /// <summary>Takes what comes with attempts, before they are started.</summary>
    public void Take(TaskBatch batch)
    {
        if ((batch.Inputs.Length == 0 && batch.Program is null) || !_executor.Admits(batch.Application, batch.Epoch))
        {
            return;
        }

        foreach (var input in batch.Inputs)
        {
            _mapOutputs.Add(input);
        }

        if (batch is { Program: { } program, Launches: [var first, ..] })
        {
            _applications.Offer(batch.Application, first.Program, program);
        }
    }

    /// <summary>Queues an attempt; see <see cref="Executor.TryStart"/>.</summary>
    public bool TryStart(TaskLaunch launch, long epoch)
    {
        var wasTaken = _executor.TryStart(launch, epoch);
        if (wasTaken && launch.Awaits is { } awaited && _mapOutputs.Await(awaited, launch.MapOutputEpoch))
        {
            _executor.StartAwaiting(awaited.Shuffle);
        }

        DparkInstruments.OnLaunched(wasTaken);
        return wasTaken;
    }

    /// <summary>Stops attempts; see <see cref="Executor.Cancel(AppId, IReadOnlyList{TaskAttemptId}, long)"/>.</summary>
    public bool Cancel(AppId application, long epoch, TaskAttemptId[] attempts) => _executor.Cancel(application, attempts, epoch);

    /// <summary>Hands reports to a driver; see <see cref="IWorkerGrain.PollAsync"/>.</summary>
    /// <exception cref="WorkerUnavailableException">The worker stops, and every report was handed over.</exception>
    public async Task<OutboxBatch> PollAsync(AppId application, OutboxCursor after, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        // Known from now on, so that what a driver stored here goes when it dies before its first task.
        _applications.TryEnter(application);
        if (_stopping.IsCancellationRequested)
        {
            var last = await _outbox.PollAsync(application, after, OutboxLimits.Default, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
            return last.Reports.Length > 0 ? last : throw new WorkerUnavailableException(Info.Id, "it stops");
        }

        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        var wait = maxWait < TimeSpan.Zero ? TimeSpan.Zero : maxWait > MaxPollWait ? MaxPollWait : maxWait;
        return await _outbox.PollAsync(application, after, OutboxLimits.Default, wait, both.Token).ConfigureAwait(false);
    }

    /// <summary>The process ends unasked; see <see cref="Executor.EndProcess"/>.</summary>
    public IReadOnlyList<TaskAttemptId> EndProcess(string cause) => _executor.EndProcess(cause);

    /// <summary>Deletes the map outputs of a shuffle.</summary>
    public Task DeleteShuffleAsync(ShuffleId shuffle)
    {
        _mapOutputs.Forget(shuffle);
        return Task.Run(() => _storage.MapOutputs.DeleteShuffle(shuffle));
    }

    /// <summary>Drops the cached partitions of an RDD.</summary>
    public Task DropRddAsync(AppId application, RddId rdd) => Task.Run(() => _cache.DropRdd(application, rdd));

    /// <summary>Deletes the copy of a broadcast value; see <see cref="IWorkerGrain.DropBroadcastAsync"/>.</summary>
    public Task DropBroadcastAsync(AppId application, BroadcastId broadcast, int pieceCount)
    {
        _applications.DropBroadcast(application, broadcast);
        var name = BroadcastNames.Of(broadcast);
        return Task.Run(() =>
        {
            _storage.Blocks.Delete(new(application, name));
            for (var piece = 0; piece < pieceCount; piece++)
            {
                _storage.Blocks.Delete(new(application, BroadcastPieces.NameOf(name, piece)));
            }
        });
    }

    /// <summary>Copies a cached partition from another worker; see <see cref="IWorkerGrain.CopyCachedAsync"/>.</summary>
    public async Task<string?> CopyCachedAsync(CacheCopy copy, CancellationToken cancellationToken)
    {
        if (!_applications.TryEnter(copy.Key.Application))
        {
            return "The application has ended there.";
        }

        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);

        // It waits for another worker and for the disk.
        return await Task.Factory.StartNew(
            () => _cache.TryTakeCopy(copy, both.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
    }

    /// <summary>The cached partitions of an application, in no particular order.</summary>
    public CachedPartition[] ListCached(AppId application) => _cache.List(application);

    /// <summary>Starts a stand-in; see <see cref="IWorkerGrain.StartStandInAsync"/>.</summary>
    public Task<string?> StartStandInAsync(AppId application)
    {
        if (StandIn is not { } standIn)
        {
            return Task.FromResult<string?>("its host does not start processes");
        }

        lock (_gate)
        {
            _standInUsers.Add(application);
        }

        return standIn.StartAsync();
    }

    /// <summary>Stops the attempts of an application, deletes everything of it, and refuses more for good. Harmless the second time.</summary>
    public async Task EndApplicationAsync(AppId application)
    {
        var stopped = _executor.EndApplicationAsync(application);
        _outbox.Drop(application);
        _applications.End(application);
        LeaveStandIn(application);
        try
        {
            await stopped.WaitAsync(EndLimit, _timeProvider).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            LogStillRuns(application, EndLimit);
        }

        await Task.Run(() => Delete(application)).ConfigureAwait(false);
        lock (_gate)
        {
            _endedLately.Add(application);
        }
    }

    /// <summary>
    /// Ends the applications that have ended elsewhere without this worker being told, and deletes what attempts of ended ones have left behind since.
    /// </summary>
    public async Task CheckApplicationsAsync(CancellationToken cancellationToken)
    {
        PagePool.Shared.DropUnwanted();
        AppId[] ended;
        lock (_gate)
        {
            ended = [.. _endedLately];
            _endedLately.Clear();
        }

        await Task.Run(() => Array.ForEach(ended, Delete), cancellationToken).ConfigureAwait(false);
        foreach (var application in _applications.List())
        {
            if (!await IsRunningAsync(application, cancellationToken).ConfigureAwait(false))
            {
                LogEndedElsewhere(application);
                await EndApplicationAsync(application).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Says from now on that it has no slots. What runs goes on, and what is sent is still taken.</summary>
    public void Drain()
    {
        lock (_gate)
        {
            _info = _info with { SlotCount = 0 };
        }
    }

    /// <summary>Ends all attempts, as far as they stop in time, and hands their reports to the drivers that wait for them.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        Drain();
        try
        {
            await _executor.StopAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Cancels everything and waits for nothing: the silo was killed, and whatever it says from now on is not believed.</summary>
    public void Abort()
    {
        Drain();
        Volatile.Write(ref _isAborted, true);
        _ = _executor.StopAsync(new CancellationToken(canceled: true));
        _stopping.Cancel();
    }

    /// <summary>Ends what is left. Files go with the work directories.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!Volatile.Read(ref _isAborted))
        {
            await StopAsync(CancellationToken.None).ConfigureAwait(false);
        }

        StandIn?.Stop();
        await _reporter.DisposeAsync().ConfigureAwait(false);
        _applications.Dispose();
    }

    private void LeaveStandIn(AppId application)
    {
        bool isLast;
        lock (_gate)
        {
            isLast = _standInUsers.Remove(application) && _standInUsers.Count == 0;
        }

        if (isLast)
        {
            StandIn?.Stop();
        }
    }

    private void Delete(AppId application)
    {
        _storage.DeleteApplication(application);
        _cache.DropApplication(application);
        _mapOutputs.Forget(application);
    }

    private async Task<bool> IsRunningAsync(AppId application, CancellationToken cancellationToken)
    {
        try
        {
            return await _grains.GetGrain<IApplicationGrain>(application.Value).IsRunningAsync(cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The next check asks again.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogNotAsked(application, e);
            return true;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Attempts of {Application} still run {Limit} after its end. What they write is deleted by the next check.")]
    private partial void LogStillRuns(AppId application, TimeSpan limit);

    [LoggerMessage(LogLevel.Information, "{Application} has ended without this worker being told; it is deleted here.")]
    private partial void LogEndedElsewhere(AppId application);

    [LoggerMessage(LogLevel.Information, "It could not be found out whether {Application} still runs. The next check asks again.")]
    private partial void LogNotAsked(AppId application, Exception failure);
}
