using Dpark.Conformance.Clusters;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Dpark.Conformance.Membership;

/// <summary>What a silo knows of the others, by the services that it gives to its code.</summary>
[Collection(SharedClusterCollection.Name)]
public sealed class MembershipViewTests(SharedCluster cluster)
{
    [Fact]
    public async Task GetHosts_HealthyCluster_ListsItsSilos()
    {
        var management = cluster.Client.GetGrain<IManagementGrain>(0);

        var hosts = await management.GetHosts(onlyActive: true).Within("the active silos");
        var detailed = await management.GetDetailedHosts(onlyActive: true).Within("the details");

        Assert.Equal(cluster.Silos.ToHashSet(), hosts.Keys.ToHashSet());
        Assert.All(hosts.Values, status => Assert.Equal(SiloStatus.Active, status));
        Assert.Equal(cluster.Silos.ToHashSet(), detailed.Select(entry => entry.SiloAddress).ToHashSet());
        Assert.Equal(
            cluster.Cluster.Silos.Select(silo => (silo.SiloAddress, silo.Name, silo.GatewayAddress!.Endpoint.Port)).ToHashSet(),
            detailed.Select(entry => (entry.SiloAddress, entry.SiloName, entry.ProxyPort)).ToHashSet());
    }

    [InProcessFact]
    public void LocalSiloDetails_OfEachSilo_AreItsOwn()
    {
        foreach (var silo in cluster.Cluster.Silos)
        {
            var details = Services(silo.SiloAddress).GetRequiredService<ILocalSiloDetails>();

            Assert.Equal((silo.SiloAddress, silo.Name), (details.SiloAddress, details.Name));
            Assert.Equal(silo.GatewayAddress!.Endpoint, details.GatewayAddress!.Endpoint);
            Assert.Equal(0, details.GatewayAddress!.Generation);
            Assert.Equal(cluster.Cluster.Options.ClusterId, details.ClusterId);
        }
    }

    [InProcessFact]
    public void CurrentSnapshot_OfEachSilo_HasAllMembers()
    {
        foreach (var silo in cluster.Silos)
        {
            var snapshot = Services(silo).GetRequiredService<IClusterMembershipService>().CurrentSnapshot;

            var members = snapshot.Members.Values.Select(member => (member.SiloAddress, member.Name, member.Status)).ToHashSet();
            Assert.Equal(cluster.Cluster.Silos.Select(handle => (handle.SiloAddress, handle.Name, SiloStatus.Active)).ToHashSet(), members);
            Assert.Equal(SiloStatus.Active, snapshot.GetSiloStatus(silo));
            Assert.True(snapshot.Version > MembershipVersion.MinValue);
        }
    }

    [InProcessFact]
    public async Task MembershipUpdates_FirstItem_IsTheCurrentSnapshot()
    {
        var service = Services(cluster.Silos[1]).GetRequiredService<IClusterMembershipService>();

        await using var updates = service.MembershipUpdates.GetAsyncEnumerator();
        var hasOne = await updates.MoveNextAsync().AsTask().Within("the first update");

        Assert.True(hasOne);
        Assert.Equal(service.CurrentSnapshot.Version, updates.Current.Version);
    }

    [InProcessFact]
    public void SiloStatusOracle_OfEachSilo_KnowsTheOthers()
    {
        var stranger = SiloAddress.New(cluster.Silos[0].Endpoint.Address, 1, cluster.Silos[0].Generation);
        var predecessor = SiloAddress.New(cluster.Silos[0].Endpoint, cluster.Silos[0].Generation - 1);
        foreach (var silo in cluster.Silos)
        {
            var oracle = Services(silo).GetRequiredService<ISiloStatusOracle>();

            Assert.Equal((SiloStatus.Active, silo), (oracle.CurrentStatus, oracle.SiloAddress));
            Assert.Equal(cluster.Silos.ToHashSet(), oracle.GetApproximateSiloStatuses(onlyActive: true).Keys.ToHashSet());
            Assert.All(cluster.Silos, other => Assert.Equal(SiloStatus.Active, oracle.GetApproximateSiloStatus(other)));
            Assert.All(cluster.Silos, other => Assert.False(oracle.IsDeadSilo(other)));
            Assert.Equal(SiloStatus.None, oracle.GetApproximateSiloStatus(stranger));
            Assert.Equal(SiloStatus.Dead, oracle.GetApproximateSiloStatus(predecessor));
            Assert.True(oracle.TryGetSiloName(cluster.Silos[0], out var name));
            Assert.Equal(cluster.Cluster.Silos[0].Name, name);
        }
    }

    [Theory]
    [InlineData(SiloStatus.None, 0, false)]
    [InlineData(SiloStatus.Created, 1, false)]
    [InlineData(SiloStatus.Joining, 2, false)]
    [InlineData(SiloStatus.Active, 3, false)]
    [InlineData(SiloStatus.ShuttingDown, 4, true)]
    [InlineData(SiloStatus.Stopping, 5, true)]
    [InlineData(SiloStatus.Dead, 6, true)]
    public void SiloStatus_Values_AreStable(SiloStatus status, int value, bool terminating)
    {
        Assert.Equal(value, (int)status);
        Assert.Equal(terminating, status.IsTerminating());
    }

    private IServiceProvider Services(SiloAddress silo) => cluster.Cluster.GetSiloServiceProvider(silo);
}
