using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime.MembershipService;

/// <summary>Watches other silos while this one is active, and votes those out that do not answer.</summary>
/// <remarks>
/// Every <see cref="ClusterMembershipOptions.ProbeTimeout"/> there is a round: each silo of <see cref="ProbeTargets"/> is probed, and has that long to answer;
/// longer while this process is unwell (<see cref="LocalHealth"/>). After <see cref="ClusterMembershipOptions.NumMissedProbesLimit"/> misses in a row this silo
/// votes for the death. The last of these probes goes through a third silo: if that one is well and gets no answer either, its vote counts, too; if it is unwell
/// or cannot be reached, a direct probe decides. A silo that was heard within the time of the last probe is not voted for, though it did not answer: it has too much to
/// do, or a large message before the probe. Votes are written by <see cref="MembershipProtocol.SuspectAsync"/>; whoever completes the quorum declares the
/// death. A vote that cannot be written is repeated in the next round. An answer also tells the version of the membership that the other silo knows, so a silo
/// that missed gossip reads the table; one that has been declared dead meanwhile learns it so, or when it tries to vote.
/// <para>
/// A process that has ended is found sooner: its connections end, and its machine refuses others. So when a connection with a silo ends, or a probe was not answered, its endpoint is
/// tried <see cref="ClusterMembershipOptions.NumMissedProbesLimit"/> times, <see cref="TriesPerProbe"/> in the time of a probe; if every try is refused and nothing comes from the silo
/// meanwhile, this silo votes without waiting for further probes. A process that hangs does not refuse, nor does a machine that is gone or cut off: these are left to the probes.
/// </para>
/// </remarks>
internal sealed partial class FailureDetector(
    MembershipProtocol protocol,
    MembershipView view,
    ILocalSiloDetails silo,
    ISiloProber prober,
    LocalHealth health,
    SiloTraffic traffic,
    IOptions<ClusterMembershipOptions> options,
    TimeProvider clock,
    ILogger<FailureDetector> logger) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private const int TriesPerProbe = 10;

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<SiloAddress, bool> _beingTried = new();
    private readonly ClusterMembershipOptions _options = options.Value;
    private Dictionary<SiloAddress, Watched> _watched = [];
    private int _round;
    private Task _rounds = Task.CompletedTask;

    // Kept, because a connection may end while this stops, and a source that is disposed gives none.
    private CancellationToken _whileStarted;

    /// <summary>How long a probe may take, longer while this process is unwell.</summary>
    private TimeSpan Timeout => _options.ProbeTimeout * (1 + (_options.ExtendProbeTimeoutDuringDegradation ? health.Score : 0));

    public void Participate(ISiloLifecycle lifecycle)
    {
        if (_options.LivenessEnabled)
        {
            lifecycle.Subscribe<FailureDetector>(ServiceLifecycleStage.Active, StartAsync, StopAsync);
        }
    }

    public void Dispose() => _stopping.Dispose();

    /// <summary>Probes each silo once, and votes if need be. Rounds do not overlap.</summary>
    internal async Task RunRoundAsync(CancellationToken cancellationToken)
    {
        _round++;
        await health.MeasureAsync().ConfigureAwait(false);
        var targets = ProbeTargets.Choose(view.Current, silo.SiloAddress, _options.NumProbedSilos);
        var watched = new Dictionary<SiloAddress, Watched>(targets.Count);
        foreach (var target in targets)
        {
            watched.Add(target, _watched.GetValueOrDefault(target) ?? new Watched(target));
        }

        _watched = watched;
        var checks = new List<Task>(watched.Count);
        foreach (var target in watched.Values)
        {
            checks.Add(CheckAsync(target, cancellationToken));
        }

        await Task.WhenAll(checks).ConfigureAwait(false);
    }

    private Task StartAsync(CancellationToken cancellationToken)
    {
        _whileStarted = _stopping.Token;
        _rounds = RunAsync(_whileStarted);
        traffic.ConnectionEnded += OnConnectionEnded;
        return Task.CompletedTask;
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        traffic.ConnectionEnded -= OnConnectionEnded;
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _rounds.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_options.ProbeTimeout, clock);

        // A wait that is cancelled makes an exception with its stack, for which the framework reads symbols; one whose timer goes just ends.
        using var end = cancellationToken.UnsafeRegister(static timer => ((PeriodicTimer)timer!).Dispose(), timer);
        while (await timer.WaitForNextTickAsync(CancellationToken.None).ConfigureAwait(false))
        {
            await RunRoundAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Votes for the death of a silo if nobody listens at its endpoint any more.</summary>
    internal async Task CheckEndpointAsync(SiloAddress target, CancellationToken cancellationToken)
    {
        if (view.Current.GetSiloStatus(target) != SiloStatus.Active || !_beingTried.TryAdd(target, true))
        {
            return;
        }

        try
        {
            if (await IsGoneAsync(target, cancellationToken).ConfigureAwait(false))
            {
                LogGone(target, _options.NumMissedProbesLimit);
                await protocol.SuspectAsync(target, null, _options, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        catch (Exception exception)
        {
            LogTableFailed(exception, target);
        }
        finally
        {
            _beingTried.TryRemove(target, out _);
        }
    }

    private void OnConnectionEnded(SiloAddress target)
    {
        if (!_whileStarted.IsCancellationRequested)
        {
            _ = Task.Run(() => CheckEndpointAsync(target, _whileStarted), CancellationToken.None);
        }
    }

    private async Task<bool> IsGoneAsync(SiloAddress target, CancellationToken cancellationToken)
    {
        var begin = clock.GetTimestamp();
        for (var i = 0; i < _options.NumMissedProbesLimit; i++)
        {
            if (i > 0)
            {
                await Task.Delay(_options.ProbeTimeout / TriesPerProbe, clock, cancellationToken).ConfigureAwait(false);
            }

            if (!await prober.IsRefusedAsync(target, Timeout, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }

        // Where only new connections are refused, one that there is still serves.
        return !traffic.HasHeardFrom(target, clock.GetElapsedTime(begin));
    }

    private async Task CheckAsync(Watched target, CancellationToken cancellationToken)
    {
        try
        {
            var isLast = target.Misses + 1 >= _options.NumMissedProbesLimit;
            var intermediary = isLast && _options.EnableIndirectProbes ? ChooseIntermediary(target.Silo) : null;
            var (isAnswered, helper) = await ProbeAsync(target.Silo, intermediary, cancellationToken).ConfigureAwait(false);
            target.Misses = isAnswered ? 0 : target.Misses + 1;
            if (!isAnswered)
            {
                LogMissed(target.Silo, target.Misses, _options.NumMissedProbesLimit);

                // A machine that says nothing must not hold up the round.
                _ = CheckEndpointAsync(target.Silo, cancellationToken);
            }

            if (target.Misses >= _options.NumMissedProbesLimit)
            {
                if (_options.EnableConnectionLivenessCheck && traffic.HasHeardFrom(target.Silo, Timeout))
                {
                    target.Misses = _options.NumMissedProbesLimit - 1;
                    LogHeard(target.Silo);
                    return;
                }

                await protocol.SuspectAsync(target.Silo, helper, _options, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
        catch (Exception exception)
        {
            LogTableFailed(exception, target.Silo);
        }
    }

    /// <returns>Whether the silo lives, and who has found so, too, if it does not.</returns>
    private async Task<(bool IsAnswered, SiloAddress? Helper)> ProbeAsync(SiloAddress target, SiloAddress? intermediary, CancellationToken cancellationToken)
    {
        var timeout = Timeout;
        if (intermediary is not null && await ProbeThroughAsync(intermediary, target, timeout, cancellationToken).ConfigureAwait(false) is { } result)
        {
            return (result, result ? null : intermediary);
        }

        try
        {
            var version = await prober.ProbeAsync(target, timeout, cancellationToken).ConfigureAwait(false);
            if (version > view.Current.Version)
            {
                await protocol.RefreshAsync(cancellationToken).ConfigureAwait(false);
            }

            return (true, null);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogProbeFailed(exception, target);
            return (false, null);
        }
    }

    /// <returns>Null: nothing is known of the target.</returns>
    private async Task<bool?> ProbeThroughAsync(SiloAddress intermediary, SiloAddress target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            var result = await prober.ProbeThroughAsync(intermediary, target, timeout, cancellationToken).ConfigureAwait(false);
            return result.IsAnswered ? true : result.HealthScore == 0 ? false : null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogProbeFailed(exception, intermediary);
            return null;
        }
    }

    /// <summary>Another active silo each time, one without missed probes if there is one. Null: there is none.</summary>
    private SiloAddress? ChooseIntermediary(SiloAddress target)
    {
        var candidates = new List<SiloAddress>();
        foreach (var member in view.Current.Members.Values)
        {
            if (member.Status == SiloStatus.Active && !member.SiloAddress.Equals(target) && !member.SiloAddress.Equals(silo.SiloAddress))
            {
                candidates.Add(member.SiloAddress);
            }
        }

        var healthy = candidates.FindAll(candidate => _watched.GetValueOrDefault(candidate) is not { Misses: > 0 });
        var among = healthy.Count > 0 ? healthy : candidates;
        among.Sort();
        return among.Count == 0 ? null : among[_round % among.Count];
    }

    /// <summary>A silo that is probed.</summary>
    private sealed class Watched(SiloAddress silo)
    {
        public SiloAddress Silo { get; } = silo;

        /// <summary>Probes in a row without an answer.</summary>
        public int Misses { get; set; }
    }

    [LoggerMessage(LogLevel.Warning, "Silo {Silo} has missed {Misses} probes in a row. After {Limit} it is suspected.")]
    private partial void LogMissed(SiloAddress silo, int misses, int limit);

    [LoggerMessage(LogLevel.Warning, "Nobody listens any more where silo {Silo} was; {Count} connections were refused. It is suspected.")]
    private partial void LogGone(SiloAddress silo, int count);

    [LoggerMessage(LogLevel.Information, "Silo {Silo} answers no probes, but other messages come from it. It is not suspected.")]
    private partial void LogHeard(SiloAddress silo);

    [LoggerMessage(LogLevel.Debug, "Silo {Silo} did not answer a probe.")]
    private partial void LogProbeFailed(Exception exception, SiloAddress silo);

    [LoggerMessage(LogLevel.Warning, "The membership table could not be read or written for silo {Silo}; the next round of probes tries again.")]
    private partial void LogTableFailed(Exception exception, SiloAddress silo);
}
