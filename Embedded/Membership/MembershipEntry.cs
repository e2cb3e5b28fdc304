using Orleans.Runtime;

namespace Orleans;

/// <summary>A row of the membership table.</summary>
[GenerateSerializer, Alias("orleans.MembershipEntry")]
public sealed class MembershipEntry
{
    /// <summary>The silo.</summary>
    [Id(0)]
    public SiloAddress SiloAddress { get; set; } = null!;

    /// <summary>Its status.</summary>
    [Id(1)]
    public SiloStatus Status { get; set; }

    /// <summary>Who suspects the silo, and since when (UTC).</summary>
    [Id(2)]
    public List<Tuple<SiloAddress, DateTime>>? SuspectTimes { get; set; }

    /// <summary>The port for clients. 0: it takes none.</summary>
    [Id(3)]
    public int ProxyPort { get; set; }

    /// <summary>Name of the machine.</summary>
    [Id(4)]
    public string HostName { get; set; } = "";

    /// <summary>Name of the silo.</summary>
    [Id(5)]
    public string SiloName { get; set; } = "";

    /// <summary>Name of the program.</summary>
    [Id(6)]
    public string RoleName { get; set; } = "";

    /// <summary>The zone in which machines are updated together.</summary>
    [Id(7)]
    public int UpdateZone { get; set; }

    /// <summary>The zone in which machines fail together.</summary>
    [Id(8)]
    public int FaultZone { get; set; }

    /// <summary>When the silo started (UTC).</summary>
    [Id(9)]
    public DateTime StartTime { get; set; }

    /// <summary>When it last said that it lives (UTC).</summary>
    [Id(10)]
    public DateTime IAmAliveTime { get; set; }

    /// <summary>Adds a suspicion.</summary>
    public void AddSuspector(SiloAddress suspectingSilo, DateTime suspectingTime)
    {
        SuspectTimes ??= [];
        SuspectTimes.Add(Tuple.Create(suspectingSilo, suspectingTime));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{SiloName} ({SiloAddress}) {Status}";

    internal MembershipEntry Copy() => new()
    {
        SiloAddress = SiloAddress,
        Status = Status,
        SuspectTimes = SuspectTimes is null ? null : [.. SuspectTimes],
        ProxyPort = ProxyPort,
        HostName = HostName,
        SiloName = SiloName,
        RoleName = RoleName,
        UpdateZone = UpdateZone,
        FaultZone = FaultZone,
        StartTime = StartTime,
        IAmAliveTime = IAmAliveTime,
    };
}
