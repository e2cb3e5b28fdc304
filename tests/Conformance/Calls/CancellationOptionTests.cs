using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Microsoft.Extensions.Configuration;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Dpark.Conformance.Calls;

/// <summary>A client that cancels what takes too long, and waits for callees that it cancels.</summary>
public sealed class CancellingCluster : ClusterFixture
{
    protected override int SiloCount => 2;

    protected override void Configure(TestClusterBuilder builder) => builder.AddClientBuilderConfigurator<CancellingClient>();

    public sealed class CancellingClient : IClientBuilderConfigurator
    {
        public void Configure(IConfiguration configuration, IClientBuilder clientBuilder) =>
            clientBuilder.Configure<ClientMessagingOptions>(options =>
            {
                options.CancelRequestOnTimeout = true;
                options.WaitForCancellationAcknowledgement = true;
            });
    }
}

public sealed class CancellationOptionTests(CancellingCluster cluster) : IClassFixture<CancellingCluster>
{
    [Fact]
    public async Task CancelRequestOnTimeout_CallTimesOut_CalleeIsCancelled()
    {
        var key = TestKeys.New();
        using var never = new CancellationTokenSource();

        var call = cluster.Client.GetGrain<ICancellableGrain>(key).WaitForTokenShortAsync("it", never.Token);
        var exception = await call.FailureWithin("the call that times out");
        var entries = await cluster.Client.GetGrain<IJournalGrain>(key).WaitForAsync(2).Within("the cancellation of the callee");

        Assert.IsType<TimeoutException>(exception);
        Assert.Equal(["started it", "cancelled it True True"], entries);
    }

    [Fact]
    public async Task WaitForCancellationAcknowledgement_CalleeGoesOn_CallerWaitsForIt()
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<ICancellableGrain>(key);
        var journal = cluster.Client.GetGrain<IJournalGrain>(key);
        using var source = new CancellationTokenSource();

        var call = grain.LingerAsync("it", source.Token);
        await journal.WaitForEntryAsync("started it").Within("the start of the callee");
        await source.CancelAsync();
        await journal.WaitForEntryAsync("lingers it").Within("the callee's token");
        var waits = !call.IsCompleted;
        await cluster.Client.GetGrain<IGateGrain>(key).OpenAsync().Within("opening the gate");
        await call.Within("the call, whose callee returns as if nothing had been");

        Assert.True(waits, "The call ended before its callee.");
        Assert.Equal(["started it", "lingers it", "finished it"], await journal.ReadAsync().Within("the journal"));
    }

    [Fact]
    public async Task CancelledToken_OfQueuedCall_IsNeverStarted()
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<ICancellableGrain>(key);
        var journal = cluster.Client.GetGrain<IJournalGrain>(key);
        var gate = cluster.Client.GetGrain<IGateGrain>(key);
        using var source = new CancellationTokenSource();

        var running = grain.IgnoreAsync("first", CancellationToken.None);
        await gate.WaitForArrivalsAsync(1).Within("the first call at the gate");
        var queued = grain.WaitForTokenAsync("queued", source.Token);
        await grain.PingAsync().Within("an interleaving call behind the queued one");
        await source.CancelAsync();

        // The callee has answered then, so the request is out of its queue.
        var exception = await queued.FailureWithin("the cancelled call");
        await gate.OpenAsync().Within("opening the gate");
        await running.Within("the first call");
        await grain.DescribeAsync(1).Within("a later call");

        Assert.IsAssignableFrom<OperationCanceledException>(exception);
        Assert.Equal(["started first", "finished first False"], await journal.ReadAsync().Within("the journal"));
    }
}
