using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;

namespace Dpark.Conformance.Calls;

[Collection(SharedClusterCollection.Name)]
public sealed class CancellationTests(SharedCluster cluster)
{
    [Fact]
    public async Task CancelledToken_BeforeTheCall_ThrowsAndSendsNothing()
    {
        var (grain, journal, _) = Grains();

        var exception = Record.Exception(() => { _ = grain.WaitForTokenAsync("it", new CancellationToken(canceled: true)); });
        await grain.DescribeAsync(1).Within("a later call");

        Assert.IsAssignableFrom<OperationCanceledException>(exception);
        Assert.Empty(await journal.ReadAsync().Within("the journal"));
    }

    [Fact]
    public async Task CancelledToken_OfRunningCall_ReleasesCallerAndReachesCallee()
    {
        var (grain, journal, _) = Grains();
        using var source = new CancellationTokenSource();

        var call = grain.WaitForTokenAsync("it", source.Token);
        await journal.WaitForAsync(1).Within("the start of the callee");
        await source.CancelAsync();
        var exception = await call.FailureWithin("the cancelled call");

        Assert.IsAssignableFrom<OperationCanceledException>(exception);
        Assert.Equal(["started it", "cancelled it True True"], await journal.WaitForAsync(2).Within("the cancellation of the callee"));
    }

    [Fact]
    public async Task CancelledToken_CalleeGoesOn_CallerIsReleasedBefore()
    {
        var (grain, journal, gate) = Grains();
        using var source = new CancellationTokenSource();

        var call = grain.IgnoreAsync("it", source.Token);
        await gate.WaitForArrivalsAsync(1).Within("the callee at the gate");
        await source.CancelAsync();
        await call.FailureWithin("the cancelled call");
        var entriesAtRelease = await journal.ReadAsync().Within("the journal");
        await gate.OpenAsync().Within("opening the gate");

        Assert.Equal(["started it"], entriesAtRelease);
        Assert.Equal("started it", (await journal.WaitForAsync(2).Within("the end of the callee"))[0]);
    }

    [Fact]
    public async Task CancelledToken_OfGrain_ReachesCallee()
    {
        var key = TestKeys.New();

        var caught = await cluster.Client.GetGrain<ICancellingGrain>(key).CallAndCancelAsync(key).Within("what the caller caught");

        Assert.Equal(nameof(OperationCanceledException), caught);
        Assert.Equal("cancelled it True True", (await cluster.Client.GetGrain<IJournalGrain>(key).WaitForAsync(2).Within("the callee"))[1]);
    }

    [Fact]
    public async Task Token_AmongOtherParameters_DoesNotDisturbThem()
    {
        var (grain, _, _) = Grains();
        using var source = new CancellationTokenSource();

        Assert.Equal("5 False end", await grain.DescribeAsync(5, "end", source.Token).Within("a call with a token"));
        Assert.Equal("5 False after", await grain.DescribeAsync(5).Within("a call without a token"));
    }

    private (ICancellableGrain Grain, IJournalGrain Journal, IGateGrain Gate) Grains()
    {
        var key = TestKeys.New();
        var client = cluster.Client;
        return (client.GetGrain<ICancellableGrain>(key), client.GetGrain<IJournalGrain>(key), client.GetGrain<IGateGrain>(key));
    }
}
