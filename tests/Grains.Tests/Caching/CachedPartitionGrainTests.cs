using Dpark.Clusters;
using Dpark.Rdds;
using Dpark.Workers;

namespace Dpark.Caching;

public sealed class CachedPartitionGrainTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly CachedPartition Partition = new(new RddId(3), 17, StorageLevel.Memory, 100, 5);

    private readonly ICachedPartitionGrain _grain =
        fixture.Cluster.Cluster.Client.GetGrain<ICachedPartitionGrain>(CachedPartitionKeys.KeyOf(GrainsCluster.NewApplication(), Partition.Rdd, Partition.PartitionIndex));

    [Fact]
    public async Task ListHolders_NobodyTold_IsEmpty() => Assert.Empty(await _grain.ListHoldersAsync(CancellationToken.None));

    [Fact]
    public async Task AddHolder_Several_ListsTheLatestFirstAndEachOnce()
    {
        foreach (var worker in (string[])["a", "b", "a"])
        {
            await _grain.AddHolderAsync(new(worker), Partition, CancellationToken.None);
        }

        Assert.Equal([new WorkerId("a"), new WorkerId("b")], await _grain.ListHoldersAsync(CancellationToken.None));
    }

    [Fact]
    public async Task RemoveHolder_Known_IsNotListed()
    {
        await _grain.AddHolderAsync(new("a"), Partition, CancellationToken.None);
        await _grain.AddHolderAsync(new("b"), Partition, CancellationToken.None);

        await _grain.RemoveHolderAsync(new("b"), CancellationToken.None);
        await _grain.RemoveHolderAsync(new("c"), CancellationToken.None);

        Assert.Equal([new WorkerId("a")], await _grain.ListHoldersAsync(CancellationToken.None));
    }
}
