using Orleans.Concurrency;

namespace Orleans.Runtime.MembershipService;

/// <summary>Takes gossip.</summary>
[Alias("orleans.IMembershipGossipTarget")]
internal interface IMembershipGossipTarget : ISystemTarget
{
    /// <summary>Takes a snapshot. One that is not newer is dropped.</summary>
    [OneWay]
    [Alias("Receive")]
    Task ReceiveAsync(ClusterMembershipSnapshot snapshot);
}
