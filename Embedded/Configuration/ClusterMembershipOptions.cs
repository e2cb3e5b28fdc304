namespace Orleans.Configuration;

/// <summary>How silos watch each other.</summary>
public class ClusterMembershipOptions
{
    private TimeSpan? _minProbeTimeout;
    private TimeSpan? _maxProbeTimeout;

    /// <summary>Whether a silo that its peers cannot reach is declared dead. Default: true.</summary>
    public bool LivenessEnabled { get; set; } = true;

    /// <summary>Period of probes, and how long an answer may take. Default: 5 s.</summary>
    public TimeSpan ProbeTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Least that an adaptive probe timeout may become. Default: half of <see cref="ProbeTimeout"/>.</summary>
    public TimeSpan MinProbeTimeout
    {
        get => _minProbeTimeout ?? ProbeTimeout / 2;
        set => _minProbeTimeout = value;
    }

    /// <summary>Most that an adaptive probe timeout may become. Default: four times <see cref="ProbeTimeout"/>.</summary>
    public TimeSpan MaxProbeTimeout
    {
        get => _maxProbeTimeout ?? ProbeTimeout * 4;
        set => _maxProbeTimeout = value;
    }

    /// <summary>How many probes in a row must fail before a silo is suspected. Default: 3.</summary>
    public int NumMissedProbesLimit { get; set; } = 3;

    /// <summary>How many silos each silo probes. Default: 10.</summary>
    public int NumProbedSilos { get; set; } = 10;

    /// <summary>How many silos must suspect a silo before it is declared dead. Default: 2.</summary>
    public int NumVotesForDeathDeclaration { get; set; } = 2;

    /// <summary>How long a suspicion counts. Default: 2 min.</summary>
    public TimeSpan DeathVoteExpirationTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How often the membership table is read when no gossip asks for it. Default: 60 s.</summary>
    public TimeSpan TableRefreshTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How often a silo says in the table that it lives. Default: 30 s.</summary>
    public TimeSpan IAmAliveTablePublishTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>After how many missed notices of life a row is stale. Default: 3.</summary>
    public int NumMissedTableIAmAliveLimit { get; set; } = 3;

    /// <summary>How long a silo tries to join. Default: 5 min.</summary>
    public TimeSpan MaxJoinAttemptTime { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Whether silos tell each other at once of changes. Default: true.</summary>
    public bool UseLivenessGossip { get; set; } = true;

    /// <summary>Whether the last probe before a suspicion goes through another silo. Default: true.</summary>
    public bool EnableIndirectProbes { get; set; } = true;

    /// <summary>Whether a silo in bad health waits longer for answers. Default: true.</summary>
    public bool ExtendProbeTimeoutDuringDegradation { get; set; } = true;

    /// <summary>Whether traffic on a connection counts as life. Default: true.</summary>
    public bool EnableConnectionLivenessCheck { get; set; } = true;

    /// <summary>How often a silo looks at its own health. Default: 10 s.</summary>
    public TimeSpan LocalHealthDegradationMonitoringPeriod { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long rows of dead silos are kept. Default: 7 days.</summary>
    public TimeSpan DefunctSiloExpiration { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often they are cleaned up. Null: never. Default: 1 h.</summary>
    public TimeSpan? DefunctSiloCleanupPeriod { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How many rows of dead silos are kept. Null: no limit. Default: 25.</summary>
    public int? MaxDefunctSiloEntries { get; set; } = 25;

    /// <summary>
    /// Whether a silo that cannot be reached within <see cref="MaxJoinAttemptTime"/> is voted out by the one that joins. Default: true.
    /// </summary>
    public bool EvictWhenMaxJoinAttemptTimeExceeded { get; set; } = true;
}
