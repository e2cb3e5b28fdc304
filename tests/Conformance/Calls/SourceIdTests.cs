using Dpark.Conformance.Clusters;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Calls;

[Alias("conformance.ISourceGrain")]
public interface ISourceGrain : IGrainWithStringKey
{
    /// <summary>The id of the caller, as an incoming filter saw it.</summary>
    [Alias("Source")]
    Task<string?> SourceAsync();

    /// <summary>What another grain sees when this one calls it.</summary>
    [Alias("Relay")]
    Task<string?> RelayAsync(string other);
}

[GrainType("conformance.source"), RandomPlacement]
public sealed class SourceGrain : Grain, ISourceGrain
{
    public Task<string?> SourceAsync() => Task.FromResult(RequestContext.Get(SourceIdFilter.Key) as string);

    public Task<string?> RelayAsync(string other) => GrainFactory.GetGrain<ISourceGrain>(other).SourceAsync();
}

/// <summary>Tells the callee who calls, in its request context.</summary>
public sealed class SourceIdFilter : IIncomingGrainCallFilter
{
    public const string Key = "source";

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.InterfaceMethod?.DeclaringType == typeof(ISourceGrain))
        {
            RequestContext.Set(Key, context.SourceId?.ToString() ?? "nobody");
        }

        return context.Invoke();
    }
}

public sealed class SourceIdCluster : ClusterFixture
{
    protected override int SiloCount => 2;

    protected override void Configure(TestClusterBuilder builder) => builder.AddSiloBuilderConfigurator<FilteredSilo>();

    public sealed class FilteredSilo : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) => siloBuilder.AddIncomingGrainCallFilter<SourceIdFilter>();
    }
}

public sealed class SourceIdTests(SourceIdCluster cluster) : IClassFixture<SourceIdCluster>
{
    private const string ClientId = "sys\\.client/[0-9a-f]{32}";

    [Fact]
    public async Task SourceId_OfClient_IsItsId()
    {
        var first = await cluster.Client.GetGrain<ISourceGrain>(TestKeys.New()).SourceAsync().Within("a call");
        var second = await cluster.Client.GetGrain<ISourceGrain>(TestKeys.New()).SourceAsync().Within("another call");

        Assert.Matches($"^{ClientId}$", first);
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task SourceId_OfGrain_IsItsId()
    {
        var key = TestKeys.New();

        var source = await cluster.Client.GetGrain<ISourceGrain>(key).RelayAsync(TestKeys.New()).Within("a call from a grain");

        Assert.Equal($"conformance.source/{key}", source);
    }

    [InProcessFact]
    public async Task SourceId_OfCodeInSilo_IsTheHostedClient()
    {
        var silo = cluster.Silos[1];
        var factory = cluster.Cluster.GetSiloServiceProvider(silo).GetRequiredService<IGrainFactory>();

        var source = await factory.GetGrain<ISourceGrain>(TestKeys.New()).SourceAsync().Within("a call from a silo");

        Assert.Equal($"sys.client/hosted-{silo.ToParsableString()}", source);
    }

    [Fact]
    public async Task ObserverId_OfClient_StartsWithTheClient()
    {
        var observer = new SilentObserver();
        var client = await cluster.Client.GetGrain<ISourceGrain>(TestKeys.New()).SourceAsync().Within("a call");

        var reference = cluster.Client.CreateObjectReference<ISilentObserver>(observer);

        Assert.Matches($"^{ClientId}\\+[0-9a-f]{{32}}$", reference.GetGrainId().ToString());
        Assert.StartsWith(client + "+", reference.GetGrainId().ToString(), StringComparison.Ordinal);
        cluster.Client.DeleteObjectReference<ISilentObserver>(reference);
        GC.KeepAlive(observer);
    }
}

[Alias("conformance.ISilentObserver")]
public interface ISilentObserver : IGrainObserver
{
    [Alias("Nothing")]
    Task NothingAsync();
}

public sealed class SilentObserver : ISilentObserver
{
    public Task NothingAsync() => Task.CompletedTask;
}
