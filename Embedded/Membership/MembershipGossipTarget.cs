namespace Orleans.Runtime.MembershipService;

internal sealed class MembershipGossipTarget(ILocalSiloDetails silo, MembershipView view) : SystemTarget(Type, silo.SiloAddress), IMembershipGossipTarget
{
    public static readonly GrainType Type = GrainType.Create("sys.svc.membership");

    public Task ReceiveAsync(ClusterMembershipSnapshot snapshot)
    {
        view.TryPublish(snapshot);
        return Task.CompletedTask;
    }
}
