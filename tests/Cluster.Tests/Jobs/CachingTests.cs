using Dpark.Caching;
using Dpark.Driver;
using Dpark.Rdds;
using Dpark.Workers;

namespace Dpark.Jobs;

/// <summary>What workers keep of cached RDDs, seen from outside.</summary>
public sealed class CachingTests
{
    [Fact]
    public async Task UnpersistAsync_KeptInMemoryAndOnDisk_FreesBothOnAllWorkers()
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 2);
        await using var context = cluster.NewContext();
        var inMemory = context.Range(0, 40_000, 8).Map(n => n * 2).Cache();
        var onDisk = context.Range(0, 40_000, 8).Map(n => n * 3).Persist(StorageLevel.Disk);
        Assert.Equal((40_000, 40_000), (await inMemory.CountAsync(), await onDisk.CountAsync()));
        var kept = await ListAsync(cluster, context);
        Assert.Equal(8, kept.Count(partition => partition.Rdd == inMemory.Id && !partition.IsOnDisk));
        Assert.Equal(8, kept.Count(partition => partition.Rdd == onDisk.Id && partition.IsOnDisk));
        Assert.Equal(8, CachedFiles(cluster, context));

        await Wait.For(Task.WhenAll(inMemory.UnpersistAsync(), onDisk.UnpersistAsync()), "the workers to drop what they keep");

        Assert.Empty(await ListAsync(cluster, context));
        Assert.Equal(0, CachedFiles(cluster, context));
        Assert.Equal(40_000, await onDisk.CountAsync());
        Assert.Empty(await ListAsync(cluster, context));
    }

    [Theory]
    [InlineData(StorageLevel.Memory)]
    [InlineData(StorageLevel.Disk)]
    public async Task Coalesce_PartitionsKeptByTwoWorkers_AreStreamedAndNotComputedAgain(StorageLevel level)
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 2);
        await using var context = cluster.NewContext();
        var computed = context.LongAccumulator();
        var rdd = context.Range(0, 40_000, 8).Map(n => AddTo(computed, n * 2)).Persist(level);
        Assert.Equal(40_000, await rdd.CountAsync());
        Assert.Equal(2, await CountHoldersAsync(cluster, context));

        var all = await Wait.For(rdd.Coalesce(1).CollectAsync(), "the job");

        Assert.Equal(Enumerable.Range(0, 40_000).Select(n => n * 2L), all);
        Assert.Equal(40_000, computed.Value);
        Assert.InRange(context.Totals.CacheRemoteBytesRead, 5_000 * sizeof(long), 35_000 * sizeof(long) + 10_000);
    }

    [Fact]
    public async Task SiloKilled_PartitionsAreKeptTwice_NothingIsComputedAgain()
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 3);
        await using var context = cluster.NewContext();
        var computed = context.LongAccumulator();
        var rdd = context.Range(0, 30_000, 9).Map(n => AddTo(computed, n * 2)).Persist(StorageLevel.Memory.WithReplicas(2));
        Assert.Equal(30_000, await rdd.CountAsync());
        var kept = await ListAsync(cluster, context);
        Assert.All(Enumerable.Range(0, 9), partition => Assert.Equal(2, kept.Count(one => one.PartitionIndex == partition)));

        await cluster.Cluster.KillSiloAsync(cluster.Cluster.SecondarySilos[0]);

        Assert.Equal(Enumerable.Range(0, 30_000).Select(n => n * 2L), await Wait.For(rdd.CollectAsync(), "the job"));
        Assert.Equal(30_000, computed.Value);
        await Wait.For(rdd.UnpersistAsync(), "the workers to drop what they keep");
        Assert.Empty(await ListAsync(cluster, context));
    }

    [Fact]
    public async Task SiloKilled_PartitionsAreKeptOnce_OnlyItsOwnAreComputedAgain()
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 3);
        await using var context = cluster.NewContext();
        var computed = context.LongAccumulator();
        var rdd = context.Range(0, 30_000, 9).Map(n => AddTo(computed, n * 2)).Cache();
        Assert.Equal(30_000, await rdd.CountAsync());
        var victim = cluster.Cluster.SecondarySilos[0];
        var lost = (await cluster.Cluster.Client.GetGrain<IWorkerGrain>(JobCluster.IdOf(victim).Value).ListCachedAsync(context.Application, CancellationToken.None))
            .Sum(partition => partition.RecordCount);

        await cluster.Cluster.KillSiloAsync(victim);

        Assert.Equal(Enumerable.Range(0, 30_000).Select(n => n * 2L), await Wait.For(rdd.CollectAsync(), "the job"));
        Assert.InRange(lost, 1, 29_999);
        Assert.Equal(30_000 + lost, computed.Value);
    }

    [Fact]
    public async Task Persist_TwiceOnOneWorker_IsKeptOnceAndWarns()
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 1);
        await using var context = cluster.NewContext();
        var warned = new WarningListener();
        using var subscription = context.Subscribe(warned);

        Assert.Equal(1_000, await context.Range(0, 1_000, 4).Persist(StorageLevel.MemoryTwice).CountAsync());

        Assert.Contains("are kept once, although their level MemoryTwice asks for a copy. There is no other worker.", await Wait.For(warned.First, "a warning"));
        Assert.Equal(4, (await ListAsync(cluster, context)).Count);
    }

    private static long AddTo(Accumulators.Accumulator<long, long> computed, long value)
    {
        computed.Add(1);
        return value;
    }

    private static async Task<int> CountHoldersAsync(JobCluster cluster, DparkContext context)
    {
        var count = 0;
        foreach (var silo in cluster.Cluster.Silos)
        {
            var kept = await cluster.Cluster.Client.GetGrain<IWorkerGrain>(JobCluster.IdOf(silo).Value).ListCachedAsync(context.Application, CancellationToken.None);
            count += kept.Length > 0 ? 1 : 0;
        }

        return count;
    }

    private static int CachedFiles(JobCluster cluster, DparkContext context) =>
        cluster.FilesOf(context.Application).Count(path => Path.GetFileName(path).StartsWith("cached-", StringComparison.Ordinal));

    private static async Task<List<CachedPartition>> ListAsync(JobCluster cluster, DparkContext context)
    {
        List<CachedPartition> kept = [];
        foreach (var silo in cluster.Cluster.Silos)
        {
            kept.AddRange(await cluster.Cluster.Client.GetGrain<IWorkerGrain>(JobCluster.IdOf(silo).Value).ListCachedAsync(context.Application, CancellationToken.None));
        }

        return kept;
    }

    private sealed class WarningListener : IJobListener
    {
        private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> First => _first.Task;

        public void OnWarning(Scheduling.JobId job, string text) => _first.TrySetResult(text);
    }
}
