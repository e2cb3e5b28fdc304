using System.Collections.Concurrent;
using System.Numerics;
using System.Text;
using Dpark.Applications;
using Dpark.Closures;
using Dpark.Jobs;
using Dpark.Planning;
using Dpark.Rdds;
using Dpark.Scheduling;
using Dpark.Security;
using Dpark.Shuffle;
using Dpark.Storage;
using Dpark.Workers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Dpark.Driver;

/// <summary>One application on one cluster: owns the scheduler's loop and everything that talks to the cluster for it. Thread-safe.</summary>
/// <remarks>
/// <para>
/// Start: the application grain gives the epoch that every command carries; then the lease is renewed, the list of workers is followed, and the loop runs. The first
/// job does that, so a context that runs none leaves no trace.
/// </para>
/// <para>
/// The loop is the only one that touches the scheduler. It starts calls and never waits for one; what they bring comes back as events. The order that the actions'
/// docs demand is kept by <see cref="MapOutputRegistrar"/> (registrations before launches, or their lists with them) and <see cref="WorkerLink"/> (launches before their cancellation).
/// </para>
/// <para>
/// Nothing here decides that a worker is gone because a call failed: a launch that fails is told to the scheduler as unknown, a poll is repeated, and the loss
/// comes from the master's list. The driver's own end is the end of its lease, or <see cref="DisposeAsync"/>.
/// </para>
/// <para>For people who change it: what is started in <c>StartCoreAsync</c> ends by <c>_stopping</c> and is awaited in <see cref="DisposeAsync"/>.</para>
/// </remarks>
internal sealed partial class DriverSession : IAsyncDisposable
{
    private const int MaxStartCalls = 3;

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan StartRetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly DriverSettings _settings;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger<DriverSession> _logger;
    private readonly StagePlanner _planner;
    private readonly JobListeners _listeners;
    private readonly CodeResolver _code;
    private readonly RemoteFailures _failures;
    private readonly ActivityGate _activity = new();
    private readonly ShuffleCollector _collector;
    private readonly RepeatedCall _starts;
    private readonly DriverLoop _loop;
    private readonly WorkerFleet _workers;
    private readonly ContentPublisher _contents;
    private readonly StagePublisher _stages;
    private readonly MapOutputRegistrar _registrar;
    private readonly IClusterClient _client;
    private readonly ConcurrentDictionary<JobId, RunningJob> _jobs = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private Task? _start;
    private Task _background = Task.CompletedTask;
    private ApplicationInfo? _application;
    private long _epoch;
    private volatile Exception? _fatal;

    public DriverSession(
        IClusterClient client,
        DriverSettings settings,
        ClosureSerializer closures,
        StagePlanner planner,
        JobListeners listeners,
        TimeProvider timeProvider,
        ILoggerFactory loggers)
    {
        _client = client;
        _settings = settings;
        _timeProvider = timeProvider;
        _planner = planner;
        _listeners = listeners;
        _logger = loggers.CreateLogger<DriverSession>();
        _collector = new ShuffleCollector(settings.Options.CollectAfterShuffleBytes);
        _starts = RepeatedCall.WithinWaitingLimit(settings, timeProvider);
        var gateways = GatewayWatch.Of(client);
        var calls = RepeatedCall.WithinWaitingLimit(settings, timeProvider, gateways);
        _code = CodeResolver.ForDriver(settings.Application, closures.Catalog);
        _failures = new RemoteFailures(_code);
        Blocks = new BlockClient(
            Encoding.UTF8.GetBytes(settings.Options.ClusterSecret ?? ""), settings.Options.BlockClient, time: null, client.ServiceProvider.GetService<ClusterTls>());
        ApplicationGrain = client.GetGrain<IApplicationGrain>(settings.Application.Value);
        Names = new ApplicationNames(ApplicationGrain);
        _loop = new DriverLoop(
            new JobScheduler(settings.Application, settings.Options.Scheduler, timeProvider), timeProvider, CarryOut, OnApplied, OnRefused);
        _workers = new WorkerFleet(client, gateways, settings, _loop.Tell, _activity, timeProvider, loggers);
        _contents = new ContentPublisher(client, settings, _workers, Blocks, calls, timeProvider);
        Broadcasts = new BroadcastPublisher(_contents, closures, _workers);
        _stages = new StagePublisher(settings, closures, _contents, Broadcasts, _loop.Tell, loggers.CreateLogger<StagePublisher>());
        _registrar = new MapOutputRegistrar(
            client.GetGrain<IMapOutputRegistryGrain>(settings.Application.Value),
            worker => _workers.Find(worker)?.Info.BlockEndpoint,
            calls,
            _loop.Tell,
            loggers.CreateLogger<MapOutputRegistrar>());
    }

    public BlockClient Blocks { get; }

    public IApplicationGrain ApplicationGrain { get; }

    public ApplicationNames Names { get; }

    public BroadcastPublisher Broadcasts { get; }

    public DriverAccumulators Accumulators { get; } = new();

    /// <summary>Over all jobs.</summary>
    public MetricsSum Totals { get; } = new();

    /// <summary>Slots of the cluster; <see langword="null"/> if none are known.</summary>
    public int? KnownSlotCount => _workers.SlotCount is var count and > 0 ? count : null;

    /// <summary>Starts the application, once; after a failure, again.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        Task start;
        lock (_gate)
        {
            if (_start is { IsCompletedSuccessfully: true })
            {
                return _fatal is null ? Task.CompletedTask : Task.FromException(_fatal);
            }

            ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, typeof(DparkContext));
            if (_start is null || _start.IsCompleted)
            {
                _start = Task.Run(StartCoreAsync, CancellationToken.None);
            }

            start = _start;
        }

        return start.WaitAsync(cancellationToken);
    }

    /// <summary>Why the cluster refused to start the application the last time; <see langword="null"/>: it never did.</summary>
    public Exception? StartRejection { get; private set; }

    /// <summary>Waits until there is a worker.</summary>
    public Task WaitForWorkersAsync(CancellationToken cancellationToken) => _workers.WaitForAnyAsync(cancellationToken);

    /// <summary>Waits until the block server of one worker has answered.</summary>
    /// <exception cref="IOException">None does; the message has the reasons.</exception>
    public async Task CheckWorkersAsync(CancellationToken cancellationToken)
    {
        var workers = await _workers.WaitForAnyAsync(cancellationToken).ConfigureAwait(false);
        var asked = workers.Select(worker => CheckWorkerAsync(worker, cancellationToken)).ToList();
        List<string> reasons = [];
        while (asked.Count > 0)
        {
            var first = await Task.WhenAny(asked).ConfigureAwait(false);
            asked.Remove(first);
            if (await first.ConfigureAwait(false) is not { } reason)
            {
                return;
            }

            reasons.Add(reason);
        }

        throw new IOException(string.Join(" ", reasons.Distinct()));
    }

    /// <summary>Gives a job to the scheduler.</summary>
    public void Submit(RunningJob job, JobGraph graph)
    {
        _collector.TryCollect(Totals.ShuffleBytesWritten);
        job.Connect(_loop.Tell);
        job.StartedAt = _timeProvider.GetTimestamp();
        var final = ToStageInfo(graph, job);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, typeof(DparkContext));
            if (_fatal is { } fatal)
            {
                throw fatal;
            }

            _jobs.TryAdd(job.Id, job);
            _activity.Enter();
        }

        _listeners.Tell(new JobStarted(job.Id, job.Options.CallSite, graph.Stages.Count), static (listener, news) => listener.OnJobStarted(news));
        _loop.Tell(new JobSubmitted(job.Id, final, job.Partitions, job.Options));
    }

    /// <summary>No RDD can read a shuffle any more. Called by the finalizer.</summary>
    public void ForgetShuffle(ShuffleId shuffle)
    {
        _collector.Forgot();
        _planner.Forget(shuffle);
        _loop.Tell(new ShuffleUnneeded(shuffle));
    }

    /// <summary>Has every worker drop what it keeps of an RDD.</summary>
    public Task DropCachedAsync(RddId rdd, CancellationToken cancellationToken) => _workers.DropCachedAsync(rdd, cancellationToken);

    /// <summary>Cancels jobs, ends the application, and waits until nothing of it runs here.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            // Under the lock, so that no job is submitted afterwards.
            EndJobs(new OperationCanceledException($"{_settings.Application} was disposed while the job ran."));
            _stopping.Cancel();
        }

        if (_start is not null)
        {
            await _start.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _loop.Complete();
            await _background.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await EndApplicationAsync().ConfigureAwait(false);
        }

        foreach (var job in _jobs.Values)
        {
            EndJob(job, JobOutcome.Cancelled, null);
        }

        Blocks.Dispose();
        _code.Dispose();
        _stopping.Dispose();
    }

    /// <returns><see langword="null"/> if it answered, else why not.</returns>
    private async Task<string?> CheckWorkerAsync(WorkerInfo worker, CancellationToken cancellationToken)
    {
        try
        {
            // There is no such block, and whoever does not know the secret is not told so.
            await Blocks.DeleteAsync(worker.Id, worker.BlockEndpoint, new BlockId(_settings.Application, "connect"), cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (IOException e)
        {
            return e.Message;
        }
    }

    private async Task StartCoreAsync()
    {
        _application = new ApplicationInfo(
            _settings.Application, _settings.Options.ApplicationName, Environment.UserName, Environment.MachineName, _timeProvider.GetUtcNow());
        var token = _stopping.Token;
        _epoch = await RegisterAsync(_application, token).ConfigureAwait(false);
        LogStarted(_settings.Application, _epoch, _workers.SlotCount);
        _background = Task.WhenAll(
            Task.Run(RunLoopAsync, CancellationToken.None),
            Task.Run(() => _workers.WatchAsync(token), CancellationToken.None),
            Task.Run(() => _workers.WatchSilenceAsync(token), CancellationToken.None),
            Task.Run(() => RenewLeaseAsync(token), CancellationToken.None),
            Task.Run(() => _registrar.RunAsync(token), CancellationToken.None));
    }

    /// <summary>Starts the application in the cluster. Starting twice gives a newer epoch, which is the one that counts.</summary>
    private Task<long> RegisterAsync(ApplicationInfo application, CancellationToken cancellationToken)
    {
        var count = 0;
        return _starts.RunAsync(
            () => StartOnceAsync(application, cancellationToken),
            MaxStartCalls,
            StartRetryDelay,
            cancellationToken,
            refusal =>
            {
                StartRejection = refusal;

                // It may go on for minutes, and says the same each time.
                if (BitOperations.IsPow2(++count))
                {
                    LogStartRejected(refusal, application.Id, count);
                }
            });
    }

    private async Task<long> StartOnceAsync(ApplicationInfo application, CancellationToken cancellationToken)
    {
        var workers = _workers.LoadAsync(cancellationToken);
        try
        {
            return await ApplicationGrain.StartAsync(application, _settings.Options.Lease, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            await workers.ConfigureAwait(false);
        }
    }

    private async Task RunLoopAsync()
    {
        try
        {
            await _loop.RunAsync().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Without the loop no job can go on, and all callers must learn it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogLoopFailed(e, _settings.Application);
            Fail(new InvalidOperationException($"The driver of {_settings.Application} failed: {e.Message} Dispose the context and make another one.", e));
        }
    }

    private async Task RenewLeaseAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_settings.Options.Lease / 3, _timeProvider);

        // A wait that is cancelled makes an exception with its stack, for which the framework reads symbols; one whose timer goes just ends.
        using var end = cancellationToken.UnsafeRegister(static timer => ((PeriodicTimer)timer!).Dispose(), timer);
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                if (!await timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false))
                {
                    // The application ends, or the clock is gone, and with it all that could want the lease.
                    return;
                }

                if (!await ApplicationGrain.RenewLeaseAsync(_application!, _epoch, _settings.Options.Lease, cancellationToken).ConfigureAwait(false))
                {
                    Fail(new InvalidOperationException(
                        $"{_settings.Application} has ended in the cluster: its driver was silent for longer than its lease of {_settings.Options.Lease}, or another driver has " +
                        "taken it over. Dispose the context and make another one."));
                    return;
                }

                await Names.RestoreAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // A call that fails is repeated; the lease is longer than that.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogLeaseFailed(e, _settings.Application);
            }
        }
    }

    /// <summary>Ends every job, now and later.</summary>
    private void Fail(Exception reason)
    {
        lock (_gate)
        {
            _fatal ??= reason;
        }

        foreach (var job in _jobs.Values)
        {
            EndJob(job, JobOutcome.Failed, reason);
        }
    }

    private void EndJobs(Exception reason)
    {
        foreach (var job in _jobs.Values)
        {
            job.Abort(reason);
        }
    }

    private async Task EndApplicationAsync()
    {
        try
        {
            await _workers.StopAsync().ConfigureAwait(false);
            using var limit = new CancellationTokenSource(EndLimit, _timeProvider);
            var ended = Task.WhenAll(ApplicationGrain.EndAsync(limit.Token), _contents.RemoveAllAsync(limit.Token));
            await ended.WaitAsync(limit.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The end of the lease does the same; the user's program must not hang or fail because of it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogEndFailed(e, _settings.Application, _settings.Options.Lease);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Application} was started with epoch {Epoch}; the cluster has {SlotCount} slots.")]
    private partial void LogStarted(AppId application, long epoch, int slotCount);

    [LoggerMessage(LogLevel.Warning, "The cluster did not take the call that starts {Application}, {Count} times by now. It is made again; this is said each time that the number has doubled.")]
    private partial void LogStartRejected(Exception exception, AppId application, int count);

    [LoggerMessage(LogLevel.Critical, "The scheduler of {Application} failed. All its jobs end; this is a mistake in the engine.")]
    private partial void LogLoopFailed(Exception exception, AppId application);

    [LoggerMessage(LogLevel.Warning, "The lease of {Application} could not be renewed. It is tried again; the application ends in the cluster if that fails for too long.")]
    private partial void LogLeaseFailed(Exception exception, AppId application);

    [LoggerMessage(LogLevel.Warning, "{Application} could not be ended in the cluster. It ends there when its lease of {Lease} does.")]
    private partial void LogEndFailed(Exception exception, AppId application, TimeSpan lease);
}
