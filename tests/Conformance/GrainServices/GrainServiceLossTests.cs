using Dpark.Conformance.Clusters;
using Dpark.Conformance.Membership;
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

        // Before, its connections are refused, which is another exception.
        var watcher = await MembershipWatcherGrain.OnAsync(cluster.Client, primary).Within("the watcher on the primary");
        await watcher.WaitForStatusAsync(secondary, SiloStatus.Dead).Within("the other silo knowing it");

        var exception = await cluster.Client.GetGrain<IServiceCallerGrain>(TestKeys.New()).WhereAsync(secondary).FailureWithin("the service of the dead silo");
        Assert.IsType<SiloUnavailableException>(exception);
        await caller.GrowthAsync(primary).Within("a larger range");
        foreach (var key in new uint[] { 0, 0x1234_5678, 0x8000_0000, uint.MaxValue })
        {
            Assert.Equal(primary.ToParsableString(), await cluster.Client.GetGrain<IServiceCallerGrain>(TestKeys.New()).WhereAsync(key).Within("the service for a key"));
        }
    }
}
