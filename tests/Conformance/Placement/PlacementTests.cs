using Dpark.Conformance.Clusters;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Orleans.TestingHost;

namespace Dpark.Conformance.Placement;

public sealed class PlacementCluster : ClusterFixture
{
    protected override void Configure(TestClusterBuilder builder) => builder.AddSiloBuilderConfigurator<PlacingSilo>();

    public sealed class PlacingSilo : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder)
        {
            siloBuilder.AddPlacementDirector<KeyedPlacementStrategy>(_ => new KeyedPlacementDirector());

            // Each class has a strategy of its own: it holds the parameter.
            siloBuilder.Services.AddPlacementDirector<RankedPlacementStrategy, RankedPlacementDirector>(ServiceLifetime.Transient);
        }
    }
}

public sealed class PlacementTests(PlacementCluster cluster) : IClassFixture<PlacementCluster>
{
    [Fact]
    public async Task RandomPlacement_ManyGrains_UsesEverySilo()
    {
        var silos = await WhereAsync<RandomlyPlacedGrain>(90);

        // The odds that a silo gets none of 90 are 1 in 10^15.
        Assert.Equal(cluster.Silos.ToHashSet(), silos.ToHashSet());
    }

    [Fact]
    public async Task ActivationCountBasedPlacement_ManyGrains_UsesEverySilo()
    {
        var silos = (await WhereAsync<CountPlacedGrain>(90)).ToHashSet();

        Assert.Subset(cluster.Silos.ToHashSet(), silos);
        Assert.True(Differences.ActivationCountsLag || silos.Count == cluster.Silos.Length, $"Of {cluster.Silos.Length} silos, only {string.Join(", ", silos)} have grains.");
    }

    [Fact]
    public async Task HashBasedPlacement_ManyGrains_UsesEverySilo()
    {
        var silos = await WhereAsync<HashPlacedGrain>(90);

        Assert.Equal(cluster.Silos.ToHashSet(), silos.ToHashSet());
    }

    [Fact]
    public async Task PreferLocalPlacement_CalledFromGrain_IsOnItsSilo()
    {
        foreach (var silo in cluster.Silos)
        {
            var caller = Grain<RandomlyPlacedGrain>();
            await Placed.OnAsync(silo, caller.WhereAsync).Within("placing the caller");

            var silos = await caller.WhereNestedAsync([.. Enumerable.Repeat(Name<LocallyPlacedGrain>(), 10)]).Within("ten nested calls");

            Assert.Equal(Enumerable.Repeat(silo, 11), silos);
        }
    }

    [Fact]
    public async Task Hint_NewActivation_IsPlacedThere()
    {
        foreach (var silo in cluster.Silos)
        {
            Assert.Equal(silo, await Placed.OnAsync(silo, Grain<RandomlyPlacedGrain>().WhereAsync).Within("random placement"));
            Assert.Equal(silo, await Placed.OnAsync(silo, Grain<LocallyPlacedGrain>().WhereAsync).Within("local placement"));
            Assert.Equal(silo, await Placed.OnAsync(silo, Grain<HashPlacedGrain>().WhereAsync).Within("hash-based placement"));
            Assert.Equal(silo, await Placed.OnAsync(silo, Grain<CountPlacedGrain>().WhereAsync).Within("placement by count"));
            Assert.Equal(silo, await Placed.OnAsync(silo, Grain<WorkerPlacedGrain>().WhereAsync).Within("stateless worker"));
        }
    }

    [Fact]
    public async Task Hint_OfCaller_IsInheritedByNestedCalls()
    {
        foreach (var silo in cluster.Silos)
        {
            var caller = Grain<RandomlyPlacedGrain>();
            List<string> classes = [.. Enumerable.Repeat(Name<RandomlyPlacedGrain>(), 10)];

            var silos = await Placed.OnAsync(silo, () => caller.WhereNestedAsync(classes)).Within("nested calls");

            Assert.Equal(Enumerable.Repeat(silo, 11), silos);
        }
    }

    [Fact]
    public async Task Hint_ActiveGrain_IsIgnored()
    {
        var grain = Grain<RandomlyPlacedGrain>();
        var first = await Placed.OnAsync(cluster.Silos[2], grain.WhereAsync).Within("the first call");

        var second = await Placed.OnAsync(cluster.Silos[0], grain.WhereAsync).Within("the second call");

        Assert.Equal(cluster.Silos[2], first);
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task Hint_UnknownSiloOrOtherType_IsIgnored()
    {
        var unknown = SiloAddress.New(cluster.Silos[0].Endpoint, cluster.Silos[0].Generation - 1);
        var byUnknown = await Placed.OnAsync(unknown, Grain<RandomlyPlacedGrain>().WhereAsync).Within("the call with an unknown silo");
        RequestContext.Set(IPlacementDirector.PlacementHintKey, cluster.Silos[0].ToParsableString());

        var byText = await Grain<RandomlyPlacedGrain>().WhereAsync().Within("the call with a text as hint");

        Assert.Contains(byUnknown, cluster.Silos);
        Assert.Contains(byText, cluster.Silos);
    }

    [Fact]
    public async Task CustomDirector_KeyNamesSilo_IsPlacedThere()
    {
        foreach (var silo in cluster.Silos)
        {
            var grain = cluster.Client.GetGrain<IPlacedGrain>($"{silo.ToParsableString()}/{TestKeys.New()}", Name<KeyPlacedGrain>());

            Assert.Equal(silo, await grain.WhereAsync().Within("the call to a keyed grain"));
        }
    }

    [Fact]
    public async Task CustomDirector_Throws_CallersGetTheException()
    {
        var key = $"10.0.0.1:1@1/{TestKeys.New()}";

        var atClient = await cluster.Client.GetGrain<IPlacedGrain>(key, Name<KeyPlacedGrain>()).WhereAsync().FailureWithin("the call of the client");
        var inSilo = await cluster.Client.GetGrain<IPlacingGrain>(TestKeys.New()).CallKeyedAsync(key).Within("the call of a grain");

        Assert.StartsWith("No silo 10.0.0.1:1@1; asked by ", Assert.IsType<NoSuchSiloException>(atClient).Message, StringComparison.Ordinal);
        Assert.EndsWith($"with {nameof(KeyedPlacementStrategy)}.", atClient.Message, StringComparison.Ordinal);
        Assert.StartsWith("NoSuchSiloException: No silo 10.0.0.1:1@1; asked by ", inSilo, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetActivationAddress_OfActiveGrain_IsItsSilo()
    {
        var grain = Grain<RandomlyPlacedGrain>();
        var management = cluster.Client.GetGrain<IManagementGrain>(0);
        var before = await management.GetActivationAddress(grain).AsTask().Within("the address before the first call");
        await Placed.OnAsync(cluster.Silos[1], grain.WhereAsync).Within("the first call");

        var after = await management.GetActivationAddress(grain).AsTask().Within("the address after the first call");

        Assert.Null(before);
        Assert.Equal(cluster.Silos[1], after);
    }

    [Fact]
    public async Task GetActiveGrains_OfType_ListsThoseOfEverySilo()
    {
        IPlacedGrain[] grains = [.. cluster.Silos.Select(_ => Grain<ListedGrain>())];
        for (var i = 0; i < grains.Length; i++)
        {
            await Placed.OnAsync(cluster.Silos[i], grains[i].WhereAsync).Within("placing a grain");
        }

        var management = cluster.Client.GetGrain<IManagementGrain>(0);
        var listed = await management.GetActiveGrains(GrainType.Create("conformance.placed-listed")).AsTask().Within("the grains of the type");
        var total = await management.GetTotalActivationCount().Within("the number of activations");

        Assert.Equal(grains.Select(grain => grain.GetGrainId()).Order(), listed.Order());
        Assert.True(total >= grains.Length, $"{total} activations are counted.");
    }

    [Fact]
    public async Task Strategy_WithParameter_ReachesTheDirector()
    {
        var silos = cluster.Silos.Order().ToArray();

        Assert.Equal(silos[1], await Grain<SecondRankGrain>().WhereAsync().Within("the class of the second rank"));
        Assert.Equal(silos[2], await Grain<ThirdRankGrain>().WhereAsync().Within("the class of the third rank"));
    }

    [Fact]
    public async Task RequestContext_OfCaller_ReachesTheDirector()
    {
        RequestContext.Set(RankedPlacementDirector.RankOfCaller, 0);

        Assert.Equal(cluster.Silos.Order().First(), await Grain<ThirdRankGrain>().WhereAsync().Within("the grain with a wish of its caller"));
    }

    [Fact]
    public async Task SiloRoleBasedPlacement_KeyIsARole_IsOnASiloOfIt()
    {
        var hosts = await cluster.Client.GetGrain<IManagementGrain>(0).GetDetailedHosts(onlyActive: true).Within("the silos");
        var role = hosts[0].RoleName!;

        var silo = await cluster.Client.GetGrain<IPlacedGrain>(role, Name<RolePlacedGrain>()).WhereAsync().Within("a grain of a role");
        var exception = await cluster.Client.GetGrain<IPlacedGrain>("no-such-role", Name<RolePlacedGrain>()).WhereAsync().FailureWithin("a grain of no role");

        Assert.Contains(silo, hosts.Where(host => host.RoleName == role).Select(host => host.SiloAddress));
        Assert.IsType<OrleansException>(exception);
    }

    [Fact]
    public async Task ResourceOptimizedPlacement_AndDefault_AreOnSilosOfTheCluster()
    {
        Assert.Subset(cluster.Silos.ToHashSet(), (await WhereAsync<ResourcePlacedGrain>(30)).ToHashSet());
        Assert.Subset(cluster.Silos.ToHashSet(), (await WhereAsync<DefaultPlacedGrain>(30)).ToHashSet());
    }

    private static string Name<TGrain>() => typeof(TGrain).FullName!;

    private IPlacedGrain Grain<TGrain>() => cluster.Client.GetGrain<IPlacedGrain>(TestKeys.New(), Name<TGrain>());

    private async Task<SiloAddress[]> WhereAsync<TGrain>(int count)
    {
        var calls = Enumerable.Range(0, count).Select(_ => Grain<TGrain>().WhereAsync());
        return [.. (await Task.WhenAll(calls).Within($"{count} grains")).OfType<SiloAddress>()];
    }
}
