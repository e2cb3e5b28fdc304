using Dpark.Conformance.Clusters;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Extensions;

[Alias("conformance.ICountingExtension")]
public interface ICountingExtension : IGrainExtension
{
    [Alias("CountCalls")]
    Task<int> CountCallsAsync();
}

/// <summary>One instance per activation.</summary>
public sealed class CountingExtension(IGrainContextAccessor context) : ICountingExtension
{
    private readonly GrainId _owner = context.GrainContext!.GrainId;
    private int _calls;

    public Task<int> CountCallsAsync() =>
        context.GrainContext!.GrainId == _owner ? Task.FromResult(++_calls) : throw new InvalidOperationException($"Not the extension of {_owner}.");
}

[Alias("conformance.IMissingExtension")]
public interface IMissingExtension : IGrainExtension
{
    [Alias("Nothing")]
    Task NothingAsync();
}

[Alias("conformance.IExtendedGrain")]
public interface IExtendedGrain : IGrainWithStringKey
{
    [Alias("Ping")]
    Task PingAsync();
}

[GrainType("conformance.extended"), RandomPlacement]
public sealed class ExtendedGrain : Grain, IExtendedGrain
{
    public Task PingAsync() => Task.CompletedTask;
}

public sealed class ExtensionCluster : ClusterFixture
{
    protected override int SiloCount => 1;

    protected override void Configure(TestClusterBuilder builder) => builder.AddSiloBuilderConfigurator<ExtendedSilo>();

    public sealed class ExtendedSilo : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) => siloBuilder.AddGrainExtension<ICountingExtension, CountingExtension>();
    }
}

public sealed class ExtensionTests(ExtensionCluster cluster) : IClassFixture<ExtensionCluster>
{
    [Fact]
    public async Task Extension_OfEachActivation_IsItsOwn()
    {
        var first = cluster.Client.GetGrain<IExtendedGrain>(TestKeys.New()).AsReference<ICountingExtension>();
        var second = cluster.Client.GetGrain<IExtendedGrain>(TestKeys.New()).AsReference<ICountingExtension>();

        await first.CountCallsAsync().Within("the first call");

        Assert.Equal(2, await first.CountCallsAsync().Within("the second call"));
        Assert.Equal(1, await second.CountCallsAsync().Within("a call to another grain"));
    }

    [Fact]
    public async Task Extension_NotInstalled_IsNamed()
    {
        var extension = cluster.Client.GetGrain<IExtendedGrain>(TestKeys.New()).AsReference<IMissingExtension>();

        var exception = await extension.NothingAsync().FailureWithin("a call to a missing extension");

        Assert.IsType<GrainExtensionNotInstalledException>(exception);
    }
}
