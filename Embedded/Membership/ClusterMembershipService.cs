namespace Orleans.Runtime.MembershipService;

internal sealed class ClusterMembershipService(MembershipView view, MembershipProtocol protocol) : IClusterMembershipService
{
    public ClusterMembershipSnapshot CurrentSnapshot => view.Current;

    public IAsyncEnumerable<ClusterMembershipSnapshot> MembershipUpdates => view.UpdatesAsync();

    public ValueTask Refresh(MembershipVersion minimumVersion = default, CancellationToken cancellationToken = default) =>
        minimumVersion != default && view.Current.Version >= minimumVersion ? ValueTask.CompletedTask : new ValueTask(protocol.RefreshAsync(cancellationToken));

    public async Task<bool> TryKill(SiloAddress siloAddress)
    {
        ArgumentNullException.ThrowIfNull(siloAddress);
        await protocol.DeclareDeadAsync(siloAddress, CancellationToken.None).ConfigureAwait(false);
        return view.Current.GetSiloStatus(siloAddress) == SiloStatus.Dead;
    }
}
