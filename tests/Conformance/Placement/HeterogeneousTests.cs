using System.Reflection;
using Dpark.Conformance.Clusters;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Placement;

/// <summary>Silos that do not all host the same grain classes.</summary>
public sealed class HeterogeneousTests
{
    [InProcessFact]
    public async Task GrainTypeOptions_ClassOfOneSiloOnly_IsPlacedThere()
    {
        var count = 0;
        var builder = new InProcessTestClusterBuilder(2);
        builder.Options.AssumeHomogenousSilosForTesting = false;
        builder.ConfigureSilo((_, silo) =>
        {
            var isFirst = Interlocked.Increment(ref count) == 1;
            silo.Configure<GrainTypeOptions>(options =>
            {
                options.Classes.Remove(typeof(HashPlacedGrain));
                if (!isFirst)
                {
                    options.Classes.Remove(typeof(RandomlyPlacedGrain));
                }
            });
        });
        await using var cluster = builder.Build();
        await cluster.DeployAsync().Within("the cluster");

        var silos = await WhereAsync<RandomlyPlacedGrain>(cluster, 40).Within("forty grains of one silo");
        var anywhere = await WhereAsync<LocallyPlacedGrain>(cluster, 60).Within("sixty grains of both");
        var nowhere = await Grain<HashPlacedGrain>(cluster).WhereAsync().FailureWithin("a grain that no silo hosts");

        Assert.Single(silos.Distinct());
        Assert.Equal(2, anywhere.Distinct().Count());
        Assert.StartsWith("No active nodes are compatible with grain", Assert.IsType<OrleansException>(nowhere).Message, StringComparison.Ordinal);
    }

    [InProcessFact]
    public async Task GetGrain_ClassOfAnotherSilo_IsResolvedEverywhere()
    {
        var count = 0;
        var builder = new InProcessTestClusterBuilder(3);
        builder.Options.AssumeHomogenousSilosForTesting = false;
        builder.ConfigureSilo((_, silo) =>
        {
            var isFirst = Interlocked.Increment(ref count) == 1;
            silo.Configure<GrainTypeOptions>(options =>
            {
                options.Classes.Remove(typeof(NowhereGrain));
                if (!isFirst)
                {
                    options.Classes.Remove(typeof(PartialGrain));
                    options.Classes.Remove(typeof(PartialBoxGrain<>));
                }
            });
        });
        await using var cluster = builder.Build();
        await cluster.DeployAsync().Within("the cluster");

        var pairs = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => cluster.Client.GetGrain<IPartialCallerGrain>(TestKeys.New()).WhereAsync(TestKeys.New())))
            .Within("thirty callers on all silos");
        var unknown = await cluster.Client.GetGrain<IPartialCallerGrain>(TestKeys.New()).NowhereAsync().Within("a grain that no silo hosts");

        Assert.Equal(3, pairs.DistinctBy(pair => pair.Caller).Count());
        var host = Assert.Single(pairs.DistinctBy(pair => pair.Callee)).Callee;
        Assert.All(pairs, pair => Assert.Equal(host, pair.Box));
        Assert.StartsWith("Could not find an implementation for interface", unknown, StringComparison.Ordinal);
    }

    private static Task<SiloAddress?[]> WhereAsync<TGrain>(InProcessTestCluster cluster, int count) =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => Grain<TGrain>(cluster).WhereAsync()));

    private static IPlacedGrain Grain<TGrain>(InProcessTestCluster cluster) =>
        cluster.Client.GetGrain<IPlacedGrain>(GrainId.Create(GrainTypeOf<TGrain>(), TestKeys.New()));

    // By id: the client could not resolve the interface to a class that no silo hosts.
    private static string GrainTypeOf<TGrain>() =>
        typeof(TGrain).GetCustomAttribute<GrainTypeAttribute>()!.GetGrainType(null!, typeof(TGrain)).ToString()!;
}
