using System.Collections.Concurrent;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;

namespace Dpark.Tests.Membership;

/// <summary>Silos that answer at once, or not at all.</summary>
internal sealed class FakeProber : ISiloProber
{
    private readonly ConcurrentDictionary<SiloAddress, bool> _silent = new();

    /// <summary>What was asked, in order: the silo, and through whom.</summary>
    public ConcurrentQueue<(SiloAddress Target, SiloAddress? Through)> Probes { get; } = [];

    /// <summary>The version that answers carry.</summary>
    public MembershipVersion Version { get; set; }

    /// <summary>Whether a silo that probes for this one gets an answer from silos that are silent here.</summary>
    public bool DoOthersReachSilent { get; set; }

    public int HealthOfOthers { get; set; }

    public TimeSpan LastTimeout { get; private set; }

    public Action OnProbe { get; set; } = () => { };

    public void Silence(params SiloAddress[] silos) => Array.ForEach(silos, silo => _silent[silo] = true);

    public void Answer(SiloAddress silo) => _silent.TryRemove(silo, out _);

    public Task<MembershipVersion> ProbeAsync(SiloAddress target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        Probes.Enqueue((target, null));
        LastTimeout = timeout;
        OnProbe();
        return _silent.ContainsKey(target) ? Task.FromException<MembershipVersion>(new TimeoutException()) : Task.FromResult(Version);
    }

    /// <summary>Silos at whose endpoint nobody listens, and what else happens when that is tried.</summary>
    public ConcurrentDictionary<SiloAddress, Action> Refused { get; } = [];

    /// <summary>How often an endpoint was tried.</summary>
    public int TryCount => _tryCount;

    private int _tryCount;

    public Task<bool> IsRefusedAsync(SiloAddress target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _tryCount);
        if (!Refused.TryGetValue(target, out var act))
        {
            return Task.FromResult(false);
        }

        act();
        return Task.FromResult(true);
    }

    public Task<IndirectProbeResult> ProbeThroughAsync(SiloAddress intermediary, SiloAddress target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        Probes.Enqueue((target, intermediary));
        return _silent.ContainsKey(intermediary)
            ? Task.FromException<IndirectProbeResult>(new TimeoutException())
            : Task.FromResult(new IndirectProbeResult(DoOthersReachSilent || !_silent.ContainsKey(target), HealthOfOthers));
    }
}

internal sealed class NoGossip : IMembershipGossip
{
    public void Send(ClusterMembershipSnapshot snapshot, SiloAddress changed)
    {
    }
}
