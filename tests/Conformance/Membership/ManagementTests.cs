using Dpark.Conformance.Activations;
using Dpark.Conformance.Clusters;
using Orleans.Runtime;

namespace Dpark.Conformance.Membership;

[Collection(SharedClusterCollection.Name)]
public sealed class ManagementTests(SharedCluster cluster)
{
    private IManagementGrain Management => cluster.Client.GetGrain<IManagementGrain>(0);

    [Fact]
    public async Task GetSimpleGrainStatistics_OfActiveGrain_CountItOnItsSilo()
    {
        var grain = cluster.Client.GetGrain<ILifetimeGrain>(TestKeys.New(), typeof(KeptLifetimeGrain).FullName);
        var silo = (await grain.VisitAsync().Within("a call")).Silo;

        var all = await Management.GetSimpleGrainStatistics().Within("the statistics");
        var ofSilo = await Management.GetSimpleGrainStatistics([silo!]).Within("the statistics of a silo");

        Assert.Contains(all, statistic => IsOfKept(statistic) && statistic.SiloAddress.Equals(silo) && statistic.ActivationCount > 0);
        Assert.Contains(ofSilo, IsOfKept);
        Assert.All(ofSilo, statistic => Assert.Equal(silo, statistic.SiloAddress));
    }

    [Fact]
    public async Task GetDetailedGrainStatistics_OfActiveGrain_NameIt()
    {
        var grain = cluster.Client.GetGrain<ILifetimeGrain>(TestKeys.New(), typeof(KeptLifetimeGrain).FullName);
        var silo = (await grain.VisitAsync().Within("a call")).Silo;

        var all = await Management.GetDetailedGrainStatistics().Within("the statistics");

        var own = Assert.Single(all, statistic => statistic.GrainId == grain.GetGrainId());
        Assert.Equal(silo, own.SiloAddress);
        Assert.Contains(nameof(KeptLifetimeGrain), own.GrainType, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetRuntimeStatistics_OfEachSilo_CountActivations()
    {
        await cluster.Client.GetGrain<ILifetimeGrain>(TestKeys.New(), typeof(KeptLifetimeGrain).FullName).VisitAsync().Within("a call");

        var statistics = await Management.GetRuntimeStatistics(cluster.Silos).Within("the statistics");

        Assert.Equal(cluster.Silos.Length, statistics.Length);
        Assert.True(statistics.Sum(silo => silo.ActivationCount) > 0, "No activation is counted.");
    }

    [Fact]
    public async Task GetGrainActivationCount_OfAGrain_IsOneWhileItIsActive()
    {
        var grain = cluster.Client.GetGrain<ILifetimeGrain>(TestKeys.New(), typeof(KeptLifetimeGrain).FullName);
        var before = await Management.GetGrainActivationCount((GrainReference)(object)grain).Within("the count before a call");
        await grain.VisitAsync().Within("a call");

        Assert.Equal((0, 1), (before, await Management.GetGrainActivationCount((GrainReference)(object)grain).Within("the count after a call")));
    }

    [Fact]
    public async Task ForceGarbageCollection_OfAllSilos_Completes() => await Management.ForceGarbageCollection(cluster.Silos).Within("the collection");

    private static bool IsOfKept(SimpleGrainStatistic statistic) => statistic.GrainType.Contains(nameof(KeptLifetimeGrain), StringComparison.Ordinal);
}
