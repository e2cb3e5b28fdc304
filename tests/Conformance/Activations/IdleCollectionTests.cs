using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Dpark.Conformance.Activations;

/// <summary>Grains are idle after 2 s, looked for each second.</summary>
public sealed class ForgetfulCluster : ClusterFixture
{
    protected override int SiloCount => 2;

    protected override void Configure(TestClusterBuilder builder) => builder.AddSiloBuilderConfigurator<ForgetfulSilo>();

    public sealed class ForgetfulSilo : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) => siloBuilder.Configure<GrainCollectionOptions>(options =>
        {
            options.CollectionAge = TimeSpan.FromSeconds(2);
            options.CollectionQuantum = TimeSpan.FromSeconds(1);
        });
    }
}

public sealed class IdleCollectionTests(ForgetfulCluster cluster) : IClassFixture<ForgetfulCluster>
{
    private const string CollectedAfterOne = "deactivated ActivationIdle after 1";

    [Fact]
    public async Task IdleGrain_AfterItsAge_IsCollectedAndOthersAreKept()
    {
        var kept = Grains<KeptLifetimeGrain>();
        var longLived = Grains<LongLivedLifetimeGrain>();
        var delayed = Grains<LifetimeGrain>();
        var undelayed = Grains<LifetimeGrain>();
        var keptBefore = await kept.Grain.VisitAsync().Within("the kept grain");
        var longLivedBefore = await longLived.Grain.VisitAsync().Within("the long-lived grain");
        var delayedBefore = await delayed.Grain.VisitAsync().Within("the delayed grain");
        await delayed.Grain.DelayAsync(TimeSpan.FromMinutes(10)).Within("the delay");
        await undelayed.Grain.VisitAsync().Within("the grain that is delayed and released");
        await undelayed.Grain.DelayAsync(TimeSpan.FromMinutes(10)).Within("the delay");
        await undelayed.Grain.DelayAsync(TimeSpan.Zero).Within("the release");
        var idle = Grains<LifetimeGrain>();
        await idle.Grain.VisitAsync().Within("the idle grain");

        Assert.Equal(["activated", CollectedAfterOne], await idle.Journal.WaitForAsync(2).Within("the collection of the idle grain"));
        Assert.Equal(["activated", CollectedAfterOne], await undelayed.Journal.WaitForAsync(2).Within("the collection of the released grain"));
        Assert.Equal(keptBefore.Activation, (await kept.Grain.VisitAsync().Within("the kept grain")).Activation);
        Assert.Equal(longLivedBefore.Activation, (await longLived.Grain.VisitAsync().Within("the long-lived grain")).Activation);
        Assert.Equal(delayedBefore.Activation, (await delayed.Grain.VisitAsync().Within("the delayed grain")).Activation);
    }

    [Fact]
    public async Task TimerTicks_WithoutKeepAlive_DoNotPostponeTheCollection()
    {
        var keeping = Grains<LifetimeGrain>();
        var ticking = Grains<LifetimeGrain>();
        var keepingBefore = await keeping.Grain.VisitAsync().Within("the grain with the keep-alive timer");
        await keeping.Grain.StartTimerAsync(keepAlive: true).Within("the keep-alive timer");
        await ticking.Grain.StartTimerAsync(keepAlive: false).Within("the plain timer");

        var entries = await ticking.Journal.WaitForAsync(3).Within("the collection of the grain with the plain timer");

        Assert.Equal(["activated", "tick", "deactivated ActivationIdle after 0"], entries);
        Assert.Equal(keepingBefore.Activation, (await keeping.Grain.VisitAsync().Within("the grain with the keep-alive timer")).Activation);
    }

    private (ILifetimeGrain Grain, IJournalGrain Journal) Grains<TGrain>()
    {
        var key = TestKeys.New();
        return (cluster.Client.GetGrain<ILifetimeGrain>(key, typeof(TGrain).FullName), cluster.Client.GetGrain<IJournalGrain>(key));
    }
}
