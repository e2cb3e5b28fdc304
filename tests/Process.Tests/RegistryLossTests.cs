using Dpark.Jobs;
using Dpark.Rdds;
using Dpark.Scheduling;
using Dpark.Shuffle;
using Dpark.Tests.Process.Clusters;

namespace Dpark.Tests.Process;

/// <summary>What the loss of the silo costs that knows where the map outputs are: the maps that ran there, and no attempt of a reducer.</summary>
public sealed class RegistryLossTests
{
    private const int ElementCount = 3_000;
    private const int KeyCount = 100;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(3);

    [RedisFact]
    public async Task Registry_ItsSiloIsKilledBetweenMapAndReduce_NoReducerFails()
    {
        await using var cluster = await ChildCluster.StartAsync(siloCount: 3);
        var log = new LossLog();
        var options = cluster.NewOptions();
        options.Loggers = log;
        await using var dpark = await ChildCluster.ConnectAsync(options);
        var sums = dpark.Range(0, ElementCount, 9).Map(n => (Key: n % KeyCount, Value: n)).ReduceByKey((a, b) => a + b, 6);
        Assert.Equal(KeyCount, await sums.CountAsync().WaitAsync(s_limit));

        var victim = await FindRegistryAsync(cluster, dpark.Application.Value);
        await victim.KillAsync();
        await log.Lost.WaitAsync(s_limit);
        var failures = new FailureCount();
        using var subscription = dpark.Subscribe(failures);
        var after = await sums.CollectAsync().WaitAsync(s_limit);

        Assert.Equal(Enumerable.Range(0, ElementCount).GroupBy(n => (long)n % KeyCount, (key, all) => (key, all.Sum(n => (long)n))).Order(), after.Order());
        Assert.True(failures.Count == 0, $"{failures.Count} attempts failed. {cluster.Logs()}");
        Assert.True(failures.StageCount > 0, "No stage ended.");
    }

    private static async Task<ChildSilo> FindRegistryAsync(ChildCluster cluster, string application)
    {
        using var client = await ClusterClient.StartAsync(cluster);
        var address = await client.FindAsync<IMapOutputRegistryGrain>(application);
        return cluster.Silos.Single(silo => silo.Port == address!.Endpoint.Port);
    }

    /// <summary>Counts attempts that failed.</summary>
    private sealed class FailureCount : IJobListener
    {
        public int Count { get; private set; }

        public int StageCount { get; private set; }

        public void OnStageProgress(StageProgress progress)
        {
            if (progress.IsEnded)
            {
                Count += progress.FailedCount;
                StageCount++;
            }
        }
    }
}
