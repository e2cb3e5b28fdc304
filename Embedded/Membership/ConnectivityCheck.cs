using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime.MembershipService;

/// <summary>Makes sure that all running silos can be reached before this one becomes active: a cluster in which some do not see each other would not work.</summary>
internal sealed partial class ConnectivityCheck(
    MembershipProtocol protocol,
    MembershipView view,
    ILocalSiloDetails silo,
    ISiloProber prober,
    IOptions<ClusterMembershipOptions> options,
    TimeProvider clock,
    ILogger<ConnectivityCheck> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private readonly ClusterMembershipOptions _options = options.Value;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe<ConnectivityCheck>(ServiceLifecycleStage.ValidateInitialConnectivity, RunAsync);

    /// <exception cref="OrleansClusterConnectivityCheckFailedException">Some did not answer in time.</exception>
    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        var start = clock.GetTimestamp();
        var answered = new HashSet<SiloAddress>();
        while (view.Current.Members.Values.Any(member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(silo.SiloAddress)))
        {
            var silent = await ProbeAllAsync(answered, cancellationToken).ConfigureAwait(false);
            if (silent.Count == 0)
            {
                return;
            }

            LogSilent(silo.SiloAddress, string.Join(", ", silent));
            if (clock.GetElapsedTime(start) >= _options.MaxJoinAttemptTime)
            {
                await GiveUpAsync(silent, cancellationToken).ConfigureAwait(false);
                return;
            }

            await Task.Delay(RetryDelay, clock, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <returns>Silos that run and have never answered.</returns>
    private async Task<List<SiloAddress>> ProbeAllAsync(HashSet<SiloAddress> answered, CancellationToken cancellationToken)
    {
        var running = await protocol.ReadRunningAsync(_options, cancellationToken).ConfigureAwait(false);
        var silent = running.FindAll(other => !answered.Contains(other));
        var replies = await Task.WhenAll(silent.Select(other => ProbeAsync(other, cancellationToken))).ConfigureAwait(false);
        answered.UnionWith(silent.Where((_, index) => replies[index]));
        silent.RemoveAll(answered.Contains);
        return silent;
    }

    // The vote of a silo that joins counts: if the others, too, miss the silent ones, or are too few to outvote it, those are dead now.
    private async Task GiveUpAsync(List<SiloAddress> silent, CancellationToken cancellationToken)
    {
        if (_options.EvictWhenMaxJoinAttemptTimeExceeded)
        {
            foreach (var other in silent)
            {
                await protocol.SuspectAsync(other, helper: null, _options, cancellationToken).ConfigureAwait(false);
            }
        }

        silent.RemoveAll(other => view.Current.GetSiloStatus(other) == SiloStatus.Dead);
        if (silent.Count > 0)
        {
            throw new OrleansClusterConnectivityCheckFailedException(
                $"Silo {silo.SiloAddress} does not join, because {string.Join(", ", silent)} did not answer within {_options.MaxJoinAttemptTime}. "
                    + "Make these endpoints reachable from here, or end those silos.");
        }
    }

    private async Task<bool> ProbeAsync(SiloAddress target, CancellationToken cancellationToken)
    {
        try
        {
            await prober.ProbeAsync(target, _options.ProbeTimeout, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "Silo {Silo} waits with becoming active until these answer, end or are declared dead: {Silent}.")]
    private partial void LogSilent(SiloAddress silo, string silent);
}
