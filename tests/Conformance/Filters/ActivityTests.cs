using System.Collections.Concurrent;
using System.Diagnostics;
using Dpark.Conformance.Clusters;
using Microsoft.Extensions.Configuration;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.TestingHost;

namespace Dpark.Conformance.Filters;

[Alias("conformance.ITracedGrain")]
public interface ITracedGrain : IGrainWithStringKey
{
    /// <summary>The trace that the call belongs to, here and at as many further grains.</summary>
    [Alias("Traces")]
    Task<List<string>> TracesAsync(int depth);
}

[GrainType("conformance.traced"), RandomPlacement]
public sealed class TracedGrain : Grain, ITracedGrain
{
    public async Task<List<string>> TracesAsync(int depth)
    {
        List<string> traces = [Activity.Current?.TraceId.ToString() ?? "none"];
        if (depth > 0)
        {
            traces.AddRange(await GrainFactory.GetGrain<ITracedGrain>($"{this.GetPrimaryKeyString()}-{depth}").TracesAsync(depth - 1));
        }

        return traces;
    }
}

public sealed class TracedCluster : ClusterFixture
{
    protected override int SiloCount => 2;

    protected override void Configure(TestClusterBuilder builder)
    {
        builder.AddSiloBuilderConfigurator<TracedSilo>();
        builder.AddClientBuilderConfigurator<TracedClient>();
    }

    public sealed class TracedSilo : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) => siloBuilder.AddActivityPropagation();
    }

    public sealed class TracedClient : IClientBuilderConfigurator
    {
        public void Configure(IConfiguration configuration, IClientBuilder clientBuilder) => clientBuilder.AddActivityPropagation();
    }
}

public sealed class ActivityTests(TracedCluster cluster) : IClassFixture<TracedCluster>
{
    [InProcessFact]
    public async Task ActivityPropagation_CallOfACall_BelongsToTheTraceOfTheClient()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Microsoft.Orleans.Application",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var root = new Activity("test").SetIdFormat(ActivityIdFormat.W3C).Start();

        var traces = await cluster.Client.GetGrain<ITracedGrain>(TestKeys.New()).TracesAsync(2).Within("a chain of calls");

        Assert.Equal(Enumerable.Repeat(root.TraceId.ToString(), 3), traces);
        var own = spans.Where(span => span.TraceId == root.TraceId).ToList();
        Assert.Equal(3, own.Count(span => span.Kind == ActivityKind.Client));
        Assert.InRange(own.Count(span => span.Kind == ActivityKind.Server), 2, 3);
        Assert.All(own, span => Assert.EndsWith("/TracesAsync", span.DisplayName, StringComparison.Ordinal));
    }
}
