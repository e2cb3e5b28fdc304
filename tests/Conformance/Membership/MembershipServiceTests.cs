using System.Threading.Channels;
using Dpark.Conformance.Clusters;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Dpark.Conformance.Membership;

/// <summary>The services through which a silo's code follows the membership, in clusters whose silos come and go.</summary>
public sealed class MembershipServiceTests
{
    [InProcessFact]
    public async Task MembershipUpdates_SiloJoinsAndLeaves_AreSeenInOrder()
    {
        await using var cluster = await ClusterHosting.DeployAsync(1);
        var service = cluster.GetSiloServiceProvider(cluster.Silos[0].SiloAddress).GetRequiredService<IClusterMembershipService>();
        var first = service.CurrentSnapshot;

        var joined = await cluster.StartAdditionalSiloAsync().Within("the new silo");
        var active = await UntilAsync(service, joined.SiloAddress, SiloStatus.Active).Within("the new silo being active");
        await cluster.StopSiloAsync(joined).Within("the stop of the silo");
        var dead = await UntilAsync(service, joined.SiloAddress, SiloStatus.Dead).Within("the silo being dead");
        var update = dead.CreateUpdate(first);

        Assert.True(first.Version < active.Version && active.Version < dead.Version);
        Assert.Equal(SiloStatus.None, first.GetSiloStatus(joined.SiloAddress));
        Assert.Equal((joined.SiloAddress, SiloStatus.Dead, joined.Name), Describe(Assert.Single(update.Changes)));
        Assert.True(update.HasChanges);
        Assert.Same(dead, update.Snapshot);
        Assert.False(dead.CreateUpdate(dead).HasChanges);
        Assert.Equal(dead.Members.Count, dead.AsUpdate().Changes.Length);
    }

    [InProcessFact]
    public async Task Refresh_ToAVersion_EndsWhenItIsKnown()
    {
        await using var cluster = await ClusterHosting.DeployAsync(2);
        var services = cluster.Silos.Select(silo => cluster.GetSiloServiceProvider(silo.SiloAddress).GetRequiredService<IClusterMembershipService>()).ToArray();
        await cluster.StartAdditionalSiloAsync().Within("the new silo");
        var newest = services.Max(service => service.CurrentSnapshot.Version);

        await Task.WhenAll(services.Select(service => service.Refresh(newest).AsTask())).Within("the refresh");

        Assert.All(services, service => Assert.True(service.CurrentSnapshot.Version >= newest));
    }

    [InProcessFact]
    public async Task TryKill_AnotherSilo_IsDeadForAll()
    {
        await using var cluster = await ClusterHosting.DeployAsync(2);
        var service = cluster.GetSiloServiceProvider(cluster.Silos[0].SiloAddress).GetRequiredService<IClusterMembershipService>();
        var victim = cluster.Silos[1].SiloAddress;

        var isKilled = await service.TryKill(victim).Within("the kill");
        var snapshot = await UntilAsync(service, victim, SiloStatus.Dead).Within("the silo being dead");

        Assert.True(isKilled);
        Assert.Equal(SiloStatus.Dead, snapshot.GetSiloStatus(victim));
    }

    [InProcessFact]
    public async Task Listener_OfTheOracle_IsToldUntilItUnsubscribes()
    {
        await using var cluster = await ClusterHosting.DeployAsync(1);
        var oracle = cluster.GetSiloServiceProvider(cluster.Silos[0].SiloAddress).GetRequiredService<ISiloStatusOracle>();
        var listener = new Listener();

        var isSubscribed = oracle.SubscribeToSiloStatusEvents(listener);
        var joined = await cluster.StartAdditionalSiloAsync().Within("the new silo");
        await listener.UntilAsync(joined.SiloAddress, SiloStatus.Active).Within("the word of the new silo");
        var active = oracle.GetActiveSilos();
        var isUnsubscribed = oracle.UnSubscribeFromSiloStatusEvents(listener);
        await cluster.StopSiloAsync(joined).Within("the stop of the silo");

        Assert.True(isSubscribed && isUnsubscribed);
        Assert.Contains(joined.SiloAddress, active);
        Assert.True(oracle.IsFunctionalDirectory(cluster.Silos[0].SiloAddress));
        Assert.DoesNotContain((joined.SiloAddress, SiloStatus.Dead), listener.Drain());
    }

    private static (SiloAddress Silo, SiloStatus Status, string Name) Describe(ClusterMember member) => (member.SiloAddress, member.Status, member.Name);

    private static async Task<ClusterMembershipSnapshot> UntilAsync(IClusterMembershipService service, SiloAddress silo, SiloStatus status)
    {
        await foreach (var snapshot in service.MembershipUpdates)
        {
            if (snapshot.GetSiloStatus(silo) == status)
            {
                return snapshot;
            }
        }

        throw new InvalidOperationException("The updates have ended.");
    }

    private sealed class Listener : ISiloStatusListener
    {
        private readonly Channel<(SiloAddress, SiloStatus)> _changes = Channel.CreateUnbounded<(SiloAddress, SiloStatus)>();

        public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status) => _changes.Writer.TryWrite((updatedSilo, status));

        public async Task UntilAsync(SiloAddress silo, SiloStatus status)
        {
            while (await _changes.Reader.ReadAsync() != (silo, status))
            {
            }
        }

        public List<(SiloAddress, SiloStatus)> Drain()
        {
            var changes = new List<(SiloAddress, SiloStatus)>();
            while (_changes.Reader.TryRead(out var change))
            {
                changes.Add(change);
            }

            return changes;
        }
    }
}
