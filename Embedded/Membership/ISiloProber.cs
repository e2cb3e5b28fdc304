namespace Orleans.Runtime.MembershipService;

/// <summary>Asks other silos whether they live. Thread-safe.</summary>
internal interface ISiloProber
{
    /// <summary>Asks a silo.</summary>
    /// <returns>The version of the membership that it knows.</returns>
    /// <exception cref="TimeoutException">It did not answer in time. Other exceptions: it cannot be reached.</exception>
    Task<MembershipVersion> ProbeAsync(SiloAddress target, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>Has another silo ask.</summary>
    /// <param name="timeout">How long the target may take. The silo between has twice the time.</param>
    /// <exception cref="TimeoutException">The silo between did not answer in time. Other exceptions: it cannot be reached.</exception>
    Task<IndirectProbeResult> ProbeThroughAsync(SiloAddress intermediary, SiloAddress target, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>Whether the machine of a silo says that nobody listens at its endpoint. A process that hangs still listens, and a machine that is gone or cut off says nothing.</summary>
    Task<bool> IsRefusedAsync(SiloAddress target, TimeSpan timeout, CancellationToken cancellationToken);
}
