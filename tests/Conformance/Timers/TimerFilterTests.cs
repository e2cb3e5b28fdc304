using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Timers;

/// <summary>Writes the ticks of timers into the journal under the key of their grain, once.</summary>
public sealed class TickFilter(IGrainFactory grains) : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.TargetId.Type == GrainType.Create("conformance.timer")
            && context.InterfaceName.EndsWith("IGrainTimerInvoker", StringComparison.Ordinal))
        {
            await grains.GetGrain<IJournalGrain>(context.TargetId.Key.ToString()).AppendAsync(context.MethodName);
        }

        await context.Invoke();
    }
}

public sealed class TickFilterCluster : ClusterFixture
{
    protected override int SiloCount => 1;

    protected override void Configure(TestClusterBuilder builder) => builder.AddSiloBuilderConfigurator<FilteredSilo>();

    public sealed class FilteredSilo : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) => siloBuilder.AddIncomingGrainCallFilter<TickFilter>();
    }
}

public sealed class TimerFilterTests(TickFilterCluster cluster) : IClassFixture<TickFilterCluster>
{
    [Fact]
    public async Task Tick_OfTimer_PassesIncomingFilters()
    {
        var key = TestKeys.New();

        await cluster.Client.GetGrain<ITimerGrain>(key).StartAsync("it", new TimerPlan(TimeSpan.Zero, Timeout.InfiniteTimeSpan, TimeSpan.Zero));

        Assert.Equal(["InvokeCallbackAsync"], await cluster.Client.GetGrain<IJournalGrain>(key).WaitForAsync(1).Within("the tick in the filter"));
    }
}
