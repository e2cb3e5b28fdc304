using Dpark.Conformance.Clusters;
using Dpark.Conformance.Signals;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Scheduling;

/// <summary>Grains that let at most three calls wait.</summary>
public sealed class QueueLimitCluster : ClusterFixture
{
    protected override int SiloCount => 1;

    protected override void Configure(TestClusterBuilder builder) => builder.AddSiloBuilderConfigurator<LimitedSilo>();

    public sealed class LimitedSilo : ISiloConfigurator
    {
        public void Configure(ISiloBuilder siloBuilder) =>
            siloBuilder.Configure<SiloMessagingOptions>(options => options.MaxEnqueuedRequestsHardLimit = 3);
    }
}

public sealed class QueueLimitTests(QueueLimitCluster cluster) : IClassFixture<QueueLimitCluster>
{
    [Fact]
    public async Task MaxEnqueuedRequestsHardLimit_MoreCalls_AreRefused()
    {
        var key = TestKeys.New();
        var grain = cluster.Client.GetGrain<IInterleavingGrain>(key, typeof(InterleavingGrain).FullName);
        var gate = cluster.Client.GetGrain<IGateGrain>(key);

        var running = grain.PlainAsync();
        await gate.WaitForArrivalsAsync(1).Within("the running call at the gate");
        Task<InsideReport>[] queued = [.. Enumerable.Range(0, 20).Select(_ => grain.BriefAsync())];
        var refused = await Task.WhenAny(queued).Within("the first refusal");
        await gate.OpenAsync().Within("opening the gate");
        await running.Within("the running call");
        await Task.WhenAll(queued.Select(call => call.ContinueWith(_ => { }, TaskScheduler.Default))).Within("all calls");

        Assert.IsType<LimitExceededException>(refused.Exception?.InnerException);
        Assert.InRange(queued.Count(call => call.IsCompletedSuccessfully), 1, 4);
        Assert.All(queued.Where(call => call.IsFaulted), call => Assert.IsType<LimitExceededException>(call.Exception!.InnerException));
    }
}
