using Dpark.Applications;
using Microsoft.Extensions.Logging;
using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Workers;

/// <summary>Fronts the <see cref="WorkerRegistry"/> of the cluster and follows membership; see <see cref="IMasterGrain"/>.</summary>
/// <remarks>
/// Nothing is stored. A new activation asks the worker of every active silo who it is, and answers nobody before they have answered or their time is over; else
/// drivers would take workers that it has not heard of yet for lost. Applications come back with the next renewal of their leases.
/// </remarks>
[GrainType("dpark.master")]
[PreferLocalPlacement]
[KeepAlive]
internal sealed partial class MasterGrain(
    IClusterMembershipService membership, LocalWorker local, TimeProvider timeProvider, ILogger<MasterGrain> logger) : Grain, IMasterGrain, IDisposable
{
    private static readonly TimeSpan RecoveryLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan MaxWatch = TimeSpan.FromSeconds(20);

    private readonly WorkerRegistry _workers = new();
    private readonly List<ApplicationInfo> _applications = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _recovery = Task.CompletedTask;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _recovery = RecoverAsync();
        _ = FollowMembershipAsync();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _stop.Cancel();
        return Task.CompletedTask;
    }

    public Task<bool> RegisterWorkerAsync(WorkerInfo worker, CancellationToken cancellationToken)
    {
        var status = membership.CurrentSnapshot.GetSiloStatus(SiloAddress.FromParsableString(worker.Id.Value));
        if (status == SiloStatus.Dead)
        {
            LogDeadWorker(worker.Id);
            return Task.FromResult(false);
        }

        if (_workers.Set(worker))
        {
            LogRegistered(worker.Id, worker.Host, worker.SlotCount);
        }

        return Task.FromResult(true);
    }

    public Task UnregisterWorkerAsync(WorkerId worker, CancellationToken cancellationToken)
    {
        Remove(known => known.Id == worker, "it stops");
        return Task.CompletedTask;
    }

    public async Task<WorkerList> WatchWorkersAsync(Guid generation, long version, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        await _recovery.WaitAsync(cancellationToken);
        if (generation == _workers.Generation && version == _workers.Version)
        {
            await WaitForChangeAsync(maxWait, cancellationToken);
        }

        return generation == _workers.Generation ? _workers.Snapshot : _workers.Snapshot with { Gone = ListDead() };
    }

    public Task RegisterApplicationAsync(ApplicationInfo application, CancellationToken cancellationToken)
    {
        var index = _applications.FindIndex(known => known.Id == application.Id);
        if (index < 0)
        {
            _applications.Add(application);
        }
        else
        {
            _applications[index] = application;
        }

        return Task.CompletedTask;
    }

    public Task UnregisterApplicationAsync(AppId application, CancellationToken cancellationToken)
    {
        _applications.RemoveAll(known => known.Id == application);
        return Task.CompletedTask;
    }

    public Task<ApplicationInfo[]> ListApplicationsAsync(CancellationToken cancellationToken) => Task.FromResult(_applications.ToArray());

    public void Dispose() => _stop.Dispose();

    private async Task WaitForChangeAsync(TimeSpan maxWait, CancellationToken cancellationToken)
    {
        var wait = maxWait < TimeSpan.Zero ? TimeSpan.Zero : maxWait > MaxWatch ? MaxWatch : maxWait;
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, local.Stopping);
        try
        {
            await _workers.Changed.WaitAsync(wait, timeProvider, both.Token);
        }
        catch (TimeoutException)
        {
            // Nothing has changed.
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The silo stops and waits for this call.
        }
    }

    private async Task RecoverAsync()
    {
        using var limit = new CancellationTokenSource(RecoveryLimit, timeProvider);
        var silos = membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress);
        await Task.WhenAll(silos.Select(silo => RecoverAsync(silo, limit.Token)));
    }

    private async Task RecoverAsync(SiloAddress silo, CancellationToken cancellationToken)
    {
        try
        {
            var worker = GrainFactory.GetGrain<IWorkerGrain>(silo.ToParsableString());
            var status = await worker.GetStatusAsync(cancellationToken).WaitAsync(cancellationToken);
            if (!IsGone(membership.CurrentSnapshot, status.Info))
            {
                _workers.Set(status.Info);
            }
        }
#pragma warning disable CA1031 // A silo without a worker, or one that is about to be declared dead. If it has one, it registers.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotRecovered(silo, e);
        }
    }

    private WorkerId[] ListDead() =>
    [
        .. membership.CurrentSnapshot.Members.Values
            .Where(member => member.Status == SiloStatus.Dead)
            .Select(member => new WorkerId(member.SiloAddress.ToParsableString())),
    ];

    private async Task FollowMembershipAsync()
    {
        try
        {
            await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(_stop.Token))
            {
                Remove(worker => IsGone(snapshot, worker), "its silo is dead or stops");
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The activation ends.
        }
#pragma warning disable CA1031 // Without membership the master is blind, and must be made anew.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogBlind(e);
            DeactivateOnIdle();
        }
    }

    private static bool IsGone(ClusterMembershipSnapshot snapshot, WorkerInfo worker) =>
        snapshot.GetSiloStatus(SiloAddress.FromParsableString(worker.Id.Value)) is SiloStatus.Dead or SiloStatus.ShuttingDown or SiloStatus.Stopping;

    private void Remove(Predicate<WorkerInfo> isMeant, string reason)
    {
        foreach (var worker in _workers.Remove(isMeant))
        {
            LogRemoved(worker.Id, reason);
        }
    }

    [LoggerMessage(LogLevel.Information, "Worker {Worker} on {Host} has {SlotCount} slots.")]
    private partial void LogRegistered(WorkerId worker, string host, int slotCount);

    [LoggerMessage(LogLevel.Information, "Worker {Worker} is off the list, because {Reason}.")]
    private partial void LogRemoved(WorkerId worker, string reason);

    [LoggerMessage(LogLevel.Warning, "Worker {Worker} wants to register although membership has declared its silo dead. It is told to end.")]
    private partial void LogDeadWorker(WorkerId worker);

    [LoggerMessage(LogLevel.Information, "The worker of {Silo} did not say who it is. If there is one, its next registration adds it.")]
    private partial void LogNotRecovered(SiloAddress silo, Exception failure);

    [LoggerMessage(LogLevel.Error, "The master cannot follow membership any more, and starts anew.")]
    private partial void LogBlind(Exception failure);
}
