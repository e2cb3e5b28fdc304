using System.Diagnostics;
using Dpark.Conformance.Clusters;
using Orleans.Runtime;

namespace Dpark.Conformance.GrainServices;

public sealed class GrainServiceLossTests
{
    [Fact]
    public async Task DeadSilo_IsRefused_AndItsRangeGoesToOthers()
    {
        await using var cluster = await ClusterHosting.DeployAsync(2, builder => builder.AddSiloBuilderConfigurator<EchoServiceSilo>()).Within("the cluster");
        var (primary, secondary) = (cluster.Silos[0].SiloAddress, cluster.Silos[1].SiloAddress);
        var caller = await Placed.OnAsync(primary, async () =>
        {
            var caller = cluster.Client.GetGrain<IServiceCallerGrain>(TestKeys.New());
            await caller.WhereAsync(secondary);
            return caller;
        }).Within("the caller on the primary");

        await cluster.KillSiloAsync(cluster.Silos[1]).Within("the end of the silo");
        var clock = Stopwatch.StartNew();

        // Until it is declared dead, its connections are refused, and nothing tells a client when that is over.
        var exception = await CallAsync();
        while (exception.GetType() == typeof(OrleansMessageRejectionException) && clock.Elapsed < Waiting.Limit)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
            exception = await CallAsync();
        }

        Assert.IsType<SiloUnavailableException>(exception);
        await caller.GrowthAsync(primary).Within("a larger range");
        foreach (var key in new uint[] { 0, 0x1234_5678, 0x8000_0000, uint.MaxValue })
        {
            Assert.Equal(primary.ToParsableString(), await cluster.Client.GetGrain<IServiceCallerGrain>(TestKeys.New()).WhereAsync(key).Within("the service for a key"));
        }

        Task<Exception> CallAsync() => cluster.Client.GetGrain<IServiceCallerGrain>(TestKeys.New()).WhereAsync(secondary).FailureWithin("the service of the dead silo");
    }
}
