using Dpark.Shuffle;
using Dpark.Workers;
using Microsoft.Extensions.Logging;
using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Applications;

/// <summary>Keeps one application's environment and its driver's lease, and ends it; see <see cref="IApplicationGrain"/>.</summary>
[GrainType("dpark.application")]
[PreferLocalPlacement]
internal sealed partial class ApplicationGrain(
    WorkerBroadcaster workers, TimeProvider timeProvider, ILogger<ApplicationGrain> logger) : Grain, IApplicationGrain
{
    /// <summary>An activation that was lost does not know the lease. The driver renews its own more often than this, or is dead.</summary>
    private static readonly TimeSpan FirstLease = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan MinLease = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxLease = TimeSpan.FromHours(1);

    /// <summary>How long the end is remembered, so that a late renewal is refused.</summary>
    private static readonly TimeSpan Remembered = TimeSpan.FromMinutes(10);

    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);
    private readonly DriverLease _lease = new(timeProvider, FirstLease);
    private IGrainTimer? _timer;
    private long _epoch;
    private bool _hasEnded;

    private AppId Id => new(this.GetPrimaryKeyString());

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _timer = this.RegisterGrainTimer(
            LookAtLeaseAsync, new GrainTimerCreationOptions { DueTime = _lease.LookInterval, Period = _lease.LookInterval, KeepAlive = true });
        DelayDeactivation(FirstLease * 2);
        return Task.CompletedTask;
    }

    public async Task<long> StartAsync(ApplicationInfo application, TimeSpan lease, CancellationToken cancellationToken)
    {
        if (_hasEnded)
        {
            throw new InvalidOperationException($"{Id} has ended and cannot be started again. Start another application.");
        }

        // The clock makes it newer than the epochs of an activation that was lost.
        _epoch = Math.Max(_epoch + 1, timeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        Renew(lease);
        await RegisterAtMasterAsync(application, cancellationToken);
        LogStarted(Id, application.Name, application.User, application.DriverHost, _epoch);
        return _epoch;
    }

    public async Task<bool> RenewLeaseAsync(ApplicationInfo application, long epoch, TimeSpan lease, CancellationToken cancellationToken)
    {
        if (_hasEnded || epoch < _epoch)
        {
            return false;
        }

        _epoch = epoch;
        Renew(lease);

        // The master may have moved to another silo since.
        await RegisterAtMasterAsync(application, cancellationToken);
        return true;
    }

    public Task<bool> IsRunningAsync(CancellationToken cancellationToken) => Task.FromResult(!_hasEnded);

    public Task RegisterAsync(string name, string value, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        _environment[name] = value;
        return Task.CompletedTask;
    }

    public Task<string?> GetAsync(string name, CancellationToken cancellationToken) => Task.FromResult(_environment.GetValueOrDefault(name));

    public Task<Dictionary<string, string>> SnapshotAsync(CancellationToken cancellationToken) =>
        Task.FromResult(new Dictionary<string, string>(_environment, StringComparer.Ordinal));

    public async Task EndAsync(CancellationToken cancellationToken)
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        _timer?.Dispose();
        DelayDeactivation(Remembered);
        _environment.Clear();

        // Also when the caller gives up: the driver is gone then.
        await workers.TellAllAsync([], (worker, token) => worker.EndApplicationAsync(Id, token), $"end {Id}", CancellationToken.None);
        await TryAsync(() => GrainFactory.GetGrain<IMapOutputRegistryGrain>(Id.Value).ClearAsync(CancellationToken.None), "clear the map outputs");
        await TryAsync(
            () => GrainFactory.GetGrain<IMasterGrain>(IMasterGrain.Key).UnregisterApplicationAsync(Id, CancellationToken.None), "unregister it at the master");
        LogEnded(Id);
    }

    private Task LookAtLeaseAsync(CancellationToken cancellationToken)
    {
        switch (_lease.Look(out var pause))
        {
            case LeaseState.Unknown:
                LogStoodStill(Id, pause);
                return Task.CompletedTask;
            case LeaseState.Ended when !_hasEnded:
                LogLeaseEnded(Id);
                return EndAsync(CancellationToken.None);
            default:
                return Task.CompletedTask;
        }
    }

    private void Renew(TimeSpan lease)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lease, MinLease);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lease, MaxLease);
        _lease.Renew(lease);
        _timer!.Change(_lease.LookInterval, _lease.LookInterval);
        DelayDeactivation(lease * 2);
    }

    private Task RegisterAtMasterAsync(ApplicationInfo application, CancellationToken cancellationToken) => TryAsync(
        () => GrainFactory.GetGrain<IMasterGrain>(IMasterGrain.Key).RegisterApplicationAsync(application, cancellationToken), "register it at the master");

    private async Task TryAsync(Func<Task> call, string what)
    {
        try
        {
            await call();
        }
#pragma warning disable CA1031 // What lists and registries do not know now they learn later; the application itself is not concerned.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogFailed(Id, what, e);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Application} ('{Name}') of {User} on {Host} has started with epoch {Epoch}.")]
    private partial void LogStarted(AppId application, string name, string user, string host, long epoch);

    [LoggerMessage(LogLevel.Warning, "The driver of {Application} was silent for longer than its lease, so the application ends.")]
    private partial void LogLeaseEnded(AppId application);

    [LoggerMessage(LogLevel.Warning, "{Application}: this silo stood still for {Pause}, so it cannot know whether the driver was silent. The lease counts from now on.")]
    private partial void LogStoodStill(AppId application, TimeSpan pause);

    [LoggerMessage(LogLevel.Information, "{Application} has ended.")]
    private partial void LogEnded(AppId application);

    [LoggerMessage(LogLevel.Warning, "{Application}: could not {What}. It is tried again with the next renewal of the lease, or forgotten with its silo.")]
    private partial void LogFailed(AppId application, string what, Exception failure);
}
