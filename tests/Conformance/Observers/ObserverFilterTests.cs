using Dpark.Conformance.Clusters;
using Microsoft.Extensions.Configuration;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Observers;

[Alias("conformance.IDoublingObserver")]
public interface IDoublingObserver : IGrainObserver
{
    [Alias("Double")]
    Task<int> DoubleAsync(int value);
}

[Alias("conformance.IDoublingGrain")]
public interface IDoublingGrain : IGrainWithStringKey
{
    [Alias("Ask")]
    Task<int> AskAsync(IDoublingObserver observer, int value);
}

[GrainType("conformance.doubling"), RandomPlacement]
public sealed class DoublingGrain : Grain, IDoublingGrain
{
    public Task<int> AskAsync(IDoublingObserver observer, int value) => observer.DoubleAsync(value);
}

/// <summary>Adds 10 to the argument and 1 to the result of calls to observers, and 1,000 if the call does not say whose it is.</summary>
public sealed class ObserverCallFilter : IIncomingGrainCallFilter
{
    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.MethodName != nameof(IDoublingObserver.DoubleAsync))
        {
            await context.Invoke();
            return;
        }

        context.Request.SetArgument(0, 10 + (int)context.Request.GetArgument(0)!);
        await context.Invoke();
        var isKnown = context.TargetContext.GrainId == context.TargetId
            && context.SourceId is { } source && source.Type == GrainType.Create("conformance.doubling")
            && context.Grain is IDoublingObserver;
        context.Result = (int)context.Result! + (isKnown ? 1 : 1_000);
    }
}

public sealed class ObserverFilterCluster : ClusterFixture
{
    protected override int SiloCount => 1;

    protected override void Configure(TestClusterBuilder builder) => builder.AddClientBuilderConfigurator<FilteredClient>();

    public sealed class FilteredClient : IClientBuilderConfigurator
    {
        public void Configure(IConfiguration configuration, IClientBuilder clientBuilder) =>
            clientBuilder.AddIncomingGrainCallFilter<ObserverCallFilter>();
    }
}

public sealed class ObserverFilterTests(ObserverFilterCluster cluster) : IClassFixture<ObserverFilterCluster>
{
    [Fact]
    public async Task CallToObserver_WithIncomingFilterOfClient_PassesIt()
    {
        var observer = new DoublingObserver();
        var reference = cluster.Client.CreateObjectReference<IDoublingObserver>(observer);

        var answer = await cluster.Client.GetGrain<IDoublingGrain>(TestKeys.New()).AskAsync(reference, 5).Within("the answer of the observer");

        Assert.Equal((2 * (10 + 5)) + 1, answer);
        GC.KeepAlive(observer);
    }

    private sealed class DoublingObserver : IDoublingObserver
    {
        public Task<int> DoubleAsync(int value) => Task.FromResult(2 * value);
    }
}
