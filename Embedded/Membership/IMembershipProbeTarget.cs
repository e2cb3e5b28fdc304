namespace Orleans.Runtime.MembershipService;

/// <summary>Answers probes.</summary>
[Alias("orleans.IMembershipProbeTarget")]
internal interface IMembershipProbeTarget : ISystemTarget
{
    /// <summary>Answers at once.</summary>
    /// <returns>The version of the membership that the silo knows.</returns>
    [Alias("Probe")]
    Task<MembershipVersion> ProbeAsync();

    /// <summary>Probes another silo for the caller.</summary>
    [Alias("ProbeOther")]
    Task<IndirectProbeResult> ProbeOtherAsync(SiloAddress target, TimeSpan timeout);
}

/// <summary>What a probe through another silo showed.</summary>
/// <param name="IsAnswered">Whether the silo answered in time.</param>
/// <param name="HealthScore">How unwell the silo is that probed, from 0 to 8. If it is, no answer says nothing.</param>
[GenerateSerializer, Immutable, Alias("orleans.IndirectProbeResult")]
internal sealed record IndirectProbeResult([property: Id(0)] bool IsAnswered, [property: Id(1)] int HealthScore);
