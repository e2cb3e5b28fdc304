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
}
