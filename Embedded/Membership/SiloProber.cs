namespace Orleans.Runtime.MembershipService;

internal sealed class SiloProber(Func<SiloAddress, IMembershipProbeTarget> targets, IMessageTransport transport, TimeProvider clock) : ISiloProber
{
    public Task<MembershipVersion> ProbeAsync(SiloAddress target, TimeSpan timeout, CancellationToken cancellationToken) =>
        WaitAsync(targets(target).ProbeAsync(), timeout, cancellationToken);

    public Task<IndirectProbeResult> ProbeThroughAsync(
        SiloAddress intermediary, SiloAddress target, TimeSpan timeout, CancellationToken cancellationToken) =>
        WaitAsync(targets(intermediary).ProbeOtherAsync(target, timeout), timeout * 2, cancellationToken);

    public async Task<bool> IsRefusedAsync(SiloAddress target, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await transport.IsRefusedAsync(target.Endpoint, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private Task<T> WaitAsync<T>(Task<T> call, TimeSpan timeout, CancellationToken cancellationToken)
    {
        // It ends later, when nobody awaits it any more.
        _ = call.ContinueWith(
            static task => _ = task.Exception,
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        return call.WaitAsync(timeout, clock, cancellationToken);
    }
}
