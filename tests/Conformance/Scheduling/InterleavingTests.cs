using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;

namespace Dpark.Conformance.Scheduling;

[Collection(SharedClusterCollection.Name)]
public sealed class InterleavingTests(SharedCluster cluster)
{
    [Fact]
    public async Task PlainCalls_ThreeAtOnce_AreInsideOneByOne()
    {
        var (grain, gate) = await ActivateAsync<InterleavingGrain>();

        Task<InsideReport>[] calls = [grain.PlainAsync(), grain.PlainAsync(), grain.PlainAsync()];
        var reports = await OpenWhenSentAsync(grain, gate, 1, calls);

        Assert.Equal([1, 1, 1], reports.Select(report => report.MostInside));
        Assert.Equal([0, 1, 2], reports.Select(report => report.EndedBefore).Order());
    }

    [Fact]
    public async Task AlwaysInterleaveCalls_ThreeAtOnce_AreInsideTogether()
    {
        var (grain, gate) = await ActivateAsync<InterleavingGrain>();

        await OpenTogetherAsync(gate, grain.InterleavedAsync(), grain.InterleavedAsync(), grain.InterleavedAsync());
    }

    [Fact]
    public async Task ReadOnlyCalls_ThreeAtOnce_AreInsideTogether()
    {
        var (grain, gate) = await ActivateAsync<InterleavingGrain>();

        await OpenTogetherAsync(gate, grain.ReadAsync(), grain.ReadAsync(), grain.ReadAsync());
    }

    [Fact]
    public async Task ReentrantGrain_ThreePlainCalls_AreInsideTogether()
    {
        var (grain, gate) = await ActivateAsync<ReentrantGrain>();

        await OpenTogetherAsync(gate, grain.PlainAsync(), grain.PlainAsync(), grain.PlainAsync());
    }

    [Fact]
    public async Task AlwaysInterleaveCall_DuringPlainCall_Enters()
    {
        var (grain, gate) = await ActivateAsync<InterleavingGrain>();

        var plain = grain.PlainAsync();
        await gate.WaitForArrivalsAsync(1).Within("the plain call at the gate");
        var interleaved = grain.InterleavedAsync();
        await gate.WaitForArrivalsAsync(2).Within("the interleaving call at the gate");
        await gate.OpenAsync().Within("opening the gate");

        Assert.Equal(2, (await interleaved.Within("the interleaving call")).MostInside);
        await plain.Within("the plain call");
    }

    [Fact]
    public async Task PlainCall_DuringAlwaysInterleaveCall_Enters()
    {
        var (grain, gate) = await ActivateAsync<InterleavingGrain>();

        var interleaved = grain.InterleavedAsync();
        await gate.WaitForArrivalsAsync(1).Within("the interleaving call at the gate");
        var brief = await grain.BriefAsync().Within("the plain call");
        await gate.OpenAsync().Within("opening the gate");

        Assert.Equal(2, brief.MostInside);
        await interleaved.Within("the interleaving call");
    }

    [Fact]
    public async Task ReadOnlyCall_DuringPlainCall_Waits()
    {
        var (grain, gate) = await ActivateAsync<InterleavingGrain>();

        var plain = grain.PlainAsync();
        await gate.WaitForArrivalsAsync(1).Within("the plain call at the gate");
        var read = grain.BriefReadAsync();
        await grain.PingAsync().Within("an interleaving call");
        var readWaits = !read.IsCompleted;
        await gate.OpenAsync().Within("opening the gate");

        Assert.True(readWaits, "The read-only call was answered while the plain call ran.");
        Assert.Equal(new InsideReport(1, 1), await read.Within("the read-only call"));
        await plain.Within("the plain call");
    }

    [Fact]
    public async Task PlainCall_DuringReadOnlyCall_Waits()
    {
        var (grain, gate) = await ActivateAsync<InterleavingGrain>();

        var read = grain.ReadAsync();
        await gate.WaitForArrivalsAsync(1).Within("the read-only call at the gate");
        var plain = grain.BriefAsync();
        await grain.PingAsync().Within("an interleaving call");
        var plainWaits = !plain.IsCompleted;
        await gate.OpenAsync().Within("opening the gate");

        Assert.True(plainWaits, "The plain call was answered while the read-only call ran.");
        Assert.Equal(new InsideReport(1, 1), await plain.Within("the plain call"));
        await read.Within("the read-only call");
    }

    [Fact]
    public async Task MayInterleave_DecidesByTheRequest()
    {
        var (grain, gate) = await ActivateAsync<MayInterleaveGrain>();

        var plain = grain.PlainAsync();
        await gate.WaitForArrivalsAsync(1).Within("the plain call at the gate");
        var refused = grain.PredicatedAsync(mayInterleave: false);
        await grain.PingAsync().Within("an interleaving call");
        var arrivals = await gate.ArrivalsAsync().Within("the arrivals");
        var allowed = grain.PredicatedAsync(mayInterleave: true);
        await gate.WaitForArrivalsAsync(2).Within("the allowed call at the gate");
        await gate.OpenAsync().Within("opening the gate");

        Assert.Equal(1, arrivals);
        Assert.Equal(2, (await allowed.Within("the allowed call")).MostInside);
        Assert.True((await refused.Within("the refused call")).EndedBefore >= 1);
        await plain.Within("the plain call");
    }

    [Fact]
    public async Task MayInterleave_OfInstance_DecidesByTheRequest()
    {
        var (grain, gate) = await ActivateAsync<InstanceInterleaveGrain>();

        var plain = grain.PlainAsync();
        await gate.WaitForArrivalsAsync(1).Within("the plain call at the gate");
        var allowed = grain.PredicatedAsync(mayInterleave: true);
        await gate.WaitForArrivalsAsync(2).Within("the allowed call at the gate");
        await gate.OpenAsync().Within("opening the gate");

        Assert.Equal(2, (await allowed.Within("the allowed call")).MostInside);
        await plain.Within("the plain call");
    }

    [Fact]
    public async Task MayInterleave_Throws_FailsTheRequest()
    {
        var (grain, gate) = await ActivateAsync<InstanceInterleaveGrain>();

        var plain = grain.PlainAsync();
        await gate.WaitForArrivalsAsync(1).Within("the plain call at the gate");
        var exception = await grain.BriefAsync().FailureWithin("the call that the predicate fails for");
        await gate.OpenAsync().Within("opening the gate");

        Assert.Equal("The predicate fails.", Assert.IsType<InvalidDataException>(exception).Message);
        await plain.Within("the plain call");
    }

    [Fact]
    public async Task AlwaysInterleaveCall_QueuedBehindPlainOnesAtActivation_EntersBesideTheFirst()
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<IInterleavingGrain>(key, typeof(SlowStartGrain).FullName);
        var gate = cluster.Client.GetGrain<IGateGrain>(key);
        var start = cluster.Client.GetGrain<IGateGrain>($"{key}-start");

        Task<InsideReport>[] plain = [grain.PlainAsync(), grain.PlainAsync(), grain.PlainAsync()];
        var interleaved = grain.InterleavedAsync();
        await start.WaitForArrivalsAsync(1).Within("the activation");
        await start.OpenAsync().Within("letting the activation end");
        await gate.WaitForArrivalsAsync(2).Within("the first plain call and the interleaving one at the gate");
        await gate.OpenAsync().Within("opening the gate");

        Assert.Equal(0, (await interleaved.Within("the interleaving call")).EndedBefore);
        Assert.All(await Task.WhenAll(plain).Within("the plain calls"), report => Assert.Equal(2, report.MostInside));
    }

    [Fact]
    public async Task Cycle_WithoutCallChainReentrancy_TimesOut()
    {
        var (first, second) = await ActivateCycleAsync();

        Assert.Equal(nameof(TimeoutException), await first.CallPeerAsync(second, allowChain: false).Within("the cycle"));
    }

    [Fact]
    public async Task Cycle_WithCallChainReentrancy_IsAnswered()
    {
        var (first, second) = await ActivateCycleAsync();

        Assert.Equal("answered inside the call", await first.CallPeerAsync(second, allowChain: true).Within("the cycle"));
    }

    [Fact]
    public async Task Cycle_WithSuppressedCallChain_TimesOut()
    {
        var (first, second) = await ActivateCycleAsync();

        Assert.Equal(nameof(TimeoutException), await first.CallPeerSuppressedAsync(second).Within("the cycle"));
    }

    private static async Task<InsideReport[]> OpenWhenSentAsync(IInterleavingGrain grain, IGateGrain gate, int arrivals, Task<InsideReport>[] calls)
    {
        await gate.WaitForArrivalsAsync(arrivals).Within("the first call at the gate");
        await grain.PingAsync().Within("an interleaving call behind the others");
        await gate.OpenAsync().Within("opening the gate");
        return await Task.WhenAll(calls).Within("all calls");
    }

    private static async Task OpenTogetherAsync(IGateGrain gate, params Task<InsideReport>[] calls)
    {
        await gate.WaitForArrivalsAsync(calls.Length).Within($"all {calls.Length} calls at the gate together");
        await gate.OpenAsync().Within("opening the gate");

        var reports = await Task.WhenAll(calls).Within("all calls");
        Assert.Equal(Enumerable.Repeat(calls.Length, calls.Length), reports.Select(report => report.MostInside));
        Assert.Equal(0, reports.Max(report => report.EndedBefore));
    }

    private async Task<(IInterleavingGrain Grain, IGateGrain Gate)> ActivateAsync<TGrain>()
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<IInterleavingGrain>(key, typeof(TGrain).FullName);
        await grain.PingAsync().Within("the activation");
        return (grain, cluster.Client.GetGrain<IGateGrain>(key));
    }

    private async Task<(ICycleGrain First, string Second)> ActivateCycleAsync()
    {
        var first = cluster.Client.GetGrain<ICycleGrain>(TestKeys.New("first"));
        var second = TestKeys.New("second");
        await first.AnswerAsync().Within("the first grain");
        await cluster.Client.GetGrain<ICycleGrain>(second).AnswerAsync().Within("the second grain");
        return (first, second);
    }
}
