using Dpark.Rdds;
using Dpark.Tests.Process.Clusters;

namespace Dpark.Tests.Process;

/// <summary>What a driver and its checkpoint survive: the loss of every worker, and with them of every gateway.</summary>
/// <remarks>With <c>DPARK_LONG_TESTS=1</c> silos say as often as by default that they live, and the cluster takes as long to know that most of them do not.</remarks>
public sealed class CheckpointLossTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    // With the default, the loss of most silos at once is known after a minute and a half, and a new silo joins then.
    private static readonly TimeSpan? s_aliveInterval = Environment.GetEnvironmentVariable("DPARK_LONG_TESTS") == "1" ? null : TimeSpan.FromSeconds(3);

    [RedisFact]
    public async Task Checkpoint_AllWorkersThatWroteItAreKilledAtOnce_IsReadByAnother()
    {
        await using var cluster = await ChildCluster.StartAsync(siloCount: 2, s_aliveInterval);
        await using var dpark = await cluster.ConnectAsync();
        var sums = await SumAsync(dpark, cluster);
        await cluster.AddSiloAsync();

        await Task.WhenAll(cluster.Silos[0].KillAsync(), cluster.Silos[1].KillAsync());

        Assert.Equal(Expected(), (await sums.CollectAsync().WaitAsync(s_limit)).Order());
    }

    [RedisFact]
    public async Task Checkpoint_WorkersAreReplacedOneAfterTheOther_IsReadByTheNewOnes()
    {
        await using var cluster = await ChildCluster.StartAsync(siloCount: 2, s_aliveInterval);
        await using var dpark = await cluster.ConnectAsync();
        var sums = await SumAsync(dpark, cluster);

        for (var i = 0; i < 2; i++)
        {
            await cluster.Silos[i].KillAsync();
            await cluster.AddSiloAsync();
            Assert.Equal(Expected(), (await sums.CollectAsync().WaitAsync(s_limit)).Order());
        }
    }

    [RedisFact]
    public async Task Driver_NoGatewayIsLeftForAWhile_GoesOnWithThoseThatAreStartedLater()
    {
        await using var cluster = await ChildCluster.StartAsync(siloCount: 2, s_aliveInterval);
        await using var dpark = await cluster.ConnectAsync();
        var sums = await SumAsync(dpark, cluster);

        await Task.WhenAll(cluster.Silos[0].KillAsync(), cluster.Silos[1].KillAsync());
        var during = sums.CollectAsync();
        await cluster.AddSiloAsync();
        await cluster.AddSiloAsync();

        Assert.Equal(Expected(), (await during.WaitAsync(s_limit)).Order());
        Assert.Equal(1_000, await dpark.Range(0, 1_000, 8).CountAsync().WaitAsync(s_limit));
    }

    private static async Task<Rdd<(long Key, long Value)>> SumAsync(DparkContext dpark, ChildCluster cluster) =>
        await dpark.Range(0, 3_000, 9).Map(n => (Key: n % 100, Value: n)).ReduceByKey((a, b) => a + b, 6).CheckpointAsync(cluster.PathOf("checkpoint")).WaitAsync(s_limit);

    private static IEnumerable<(long Key, long Value)> Expected() =>
        Enumerable.Range(0, 3_000).GroupBy(n => (long)n % 100, (key, all) => (key, all.Sum(n => (long)n))).Order();
}
