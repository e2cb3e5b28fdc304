namespace Orleans.Runtime.MembershipService;

internal sealed class MembershipProbeTarget(ILocalSiloDetails silo, MembershipView view, ISiloProber prober, LocalHealth health)
    : SystemTarget(Type, silo.SiloAddress), IMembershipProbeTarget
{
    public static readonly GrainType Type = GrainType.Create("sys.svc.probe");

    public Task<MembershipVersion> ProbeAsync() => Task.FromResult(view.Current.Version);

    public async Task<IndirectProbeResult> ProbeOtherAsync(SiloAddress target, TimeSpan timeout)
    {
        try
        {
            await prober.ProbeAsync(target, timeout, CancellationToken.None);
            return new IndirectProbeResult(true, health.Score);
        }
        catch (Exception)
        {
            // Whatever it was, there is no answer. Why is known to the silo that suspects the target.
            return new IndirectProbeResult(false, health.Score);
        }
    }
}
