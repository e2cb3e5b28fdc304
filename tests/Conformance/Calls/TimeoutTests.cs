using System.Diagnostics;
using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Microsoft.Extensions.Configuration;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Dpark.Conformance.Calls;

/// <summary>A client whose calls wait 2 s, where no method says otherwise.</summary>
public sealed class TimeoutCluster : ClusterFixture
{
    protected override int SiloCount => 2;

    protected override void Configure(TestClusterBuilder builder) => builder.AddClientBuilderConfigurator<ImpatientClient>();
}

public sealed class ImpatientClient : IClientBuilderConfigurator
{
    public void Configure(IConfiguration configuration, IClientBuilder clientBuilder) =>
        clientBuilder.Configure<ClientMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromSeconds(2));
}

public sealed class TimeoutTests(TimeoutCluster cluster) : IClassFixture<TimeoutCluster>
{
    [Fact]
    public async Task ResponseTimeout_OfMethod_EndsTheCallAndNotTheCallee()
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<ISlowGrain>(key);
        var gate = cluster.Client.GetGrain<IGateGrain>(key);
        await grain.PassesAsync().Within("the activation");
        var watch = Stopwatch.StartNew();

        var exception = await grain.PassShortAsync().FailureWithin("the call that times out");
        var waited = watch.Elapsed;
        var later = grain.PassesAsync();
        var laterWaits = !later.IsCompleted && await grain.PassesNowAsync().Within("an interleaving call") == 0;
        await gate.OpenAsync().Within("opening the gate");

        Assert.StartsWith("Response did not arrive on time in", Assert.IsType<TimeoutException>(exception).Message, StringComparison.Ordinal);
        Assert.True(waited >= TimeSpan.FromSeconds(0.9), $"The call ended after {waited}.");
        Assert.True(laterWaits, "The later call was answered, or the callee finished, while the gate was closed.");
        Assert.Equal(1, await later.Within("the call that waited for the callee"));
    }

    [Fact]
    public async Task ResponseTimeout_OfOptions_EndsTheCall()
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<ISlowGrain>(key);
        await grain.PassesAsync().Within("the activation");
        var watch = Stopwatch.StartNew();

        var exception = await grain.PassAsync().FailureWithin("the call that times out");
        var waited = watch.Elapsed;
        await cluster.Client.GetGrain<IGateGrain>(key).OpenAsync().Within("opening the gate");

        Assert.IsType<TimeoutException>(exception);
        Assert.True(waited >= TimeSpan.FromSeconds(1.9), $"The call ended after {waited}.");
        Assert.Equal(["finished"], await cluster.Client.GetGrain<IJournalGrain>(key).WaitForAsync(1).Within("the end of the callee"));
    }

    [Fact]
    public async Task ResponseTimeout_OfCallInSilo_IsTimeoutException()
    {
        var key = TestKeys.New();

        var text = await cluster.Client.GetGrain<ISlowCallerGrain>(key).CallAsync(key).Within("what the caller caught");
        await cluster.Client.GetGrain<IGateGrain>(key).OpenAsync().Within("opening the gate");

        Assert.StartsWith("TimeoutException: Response did not arrive on time in", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ExpiredRequest_InTheQueue_IsNeverStarted()
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<ISlowGrain>(key);
        var gate = cluster.Client.GetGrain<IGateGrain>(key);

        var running = grain.PassAsync();
        await gate.WaitForArrivalsAsync(1).Within("the first call at the gate");
        await grain.PassShortAsync().FailureWithin("the queued call that times out");
        await running.FailureWithin("the running call that times out");
        await gate.OpenAsync().Within("opening the gate");
        var passes = await grain.PassesAsync().Within("the call after the expired one");

        Assert.Equal((1, 1), (passes, await gate.ArrivalsAsync().Within("the arrivals")));
    }
}
