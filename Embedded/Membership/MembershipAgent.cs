using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime.MembershipService;

/// <summary>Leads this silo through the membership: joins, becomes active, leaves; and does what is due from time to time.</summary>
internal sealed partial class MembershipAgent(
    MembershipProtocol protocol,
    MembershipView view,
    ILocalSiloDetails silo,
    IFatalErrorHandler fatalErrors,
    IOptions<ClusterMembershipOptions> options,
    TimeProvider clock,
    ILogger<MembershipAgent> logger) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _upkeep = Task.CompletedTask;
    private volatile bool _isLeaving;

    public void Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe<MembershipAgent>(ServiceLifecycleStage.RuntimeServices, JoinAsync, LeaveAsync);
        lifecycle.Subscribe<MembershipAgent>(ServiceLifecycleStage.BecomeActive, BecomeActiveAsync, BeginToLeaveAsync);
    }

    public void Dispose() => _stopping.Dispose();

    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        view.Changed += OnChanged;
        await protocol.JoinAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task BecomeActiveAsync(CancellationToken cancellationToken)
    {
        await protocol.UpdateStatusAsync(SiloStatus.Active, cancellationToken).ConfigureAwait(false);
        var settings = options.Value;
        _upkeep = Task.WhenAll(
            RepeatAsync(settings.TableRefreshTimeout, () => protocol.RefreshAsync(_stopping.Token)),
            RepeatAsync(settings.IAmAliveTablePublishTimeout, protocol.UpdateIAmAliveAsync),
            settings.DefunctSiloCleanupPeriod is { } period ? RepeatAsync(period, () => protocol.CleanUpAsync(settings)) : Task.CompletedTask);
    }

    private async Task BeginToLeaveAsync(CancellationToken cancellationToken)
    {
        _isLeaving = true;

        // A silo that does not stop gracefully closes its connections next, so this is the last time that others hear of it.
        var status = cancellationToken.IsCancellationRequested ? SiloStatus.Dead : SiloStatus.ShuttingDown;
        await protocol.UpdateStatusAsync(status, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task LeaveAsync(CancellationToken cancellationToken)
    {
        _isLeaving = true;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _upkeep.ConfigureAwait(false);

        // Also when there is no time left: as long as the row is not dead, others wait for this silo. Where the join was refused, the row is that of another one.
        if (protocol.MayHaveRow)
        {
            await protocol.UpdateStatusAsync(SiloStatus.Dead, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private void OnChanged(ClusterMembershipUpdate update)
    {
        if (!_isLeaving && update.Changes.Any(change => change.Status == SiloStatus.Dead && change.SiloAddress.Equals(silo.SiloAddress)))
        {
            _isLeaving = true;
            fatalErrors.OnFatalException(this, $"Silo {silo.SiloAddress} was declared dead by others. "
                + "It must not go on, because its grains are activated elsewhere.", null);
        }
    }

    private async Task RepeatAsync(TimeSpan period, Func<Task> action)
    {
        using var timer = new PeriodicTimer(period, clock);

        // A wait that is cancelled makes an exception with its stack, for which the framework reads symbols; one whose timer goes just ends.
        using var end = _stopping.Token.UnsafeRegister(static timer => ((PeriodicTimer)timer!).Dispose(), timer);
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                if (!await timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false))
                {
                    return;
                }

                await action().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                LogUpkeepFailed(exception, period);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The membership table could not be read or written; the next attempt is in {Period}.")]
    private partial void LogUpkeepFailed(Exception exception, TimeSpan period);
}
