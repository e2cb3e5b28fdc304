using Dpark.Applications;
using Dpark.Caching;
using Dpark.Driver;
using Dpark.Rdds;

namespace Dpark.Jobs;

/// <summary>Files of every kind are damaged between two jobs: the second one has the right result, because what cannot be read is computed or sent again.</summary>
public sealed class DamageTests
{
    [Theory]
    [InlineData("map-", false)]
    [InlineData("map-", true)]
    [InlineData("cached-", false)]
    [InlineData("cached-", true)]
    public async Task Job_FilesOfAnEarlierOneAreDamaged_IsRight(string prefix, bool isTruncated)
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 2, JobCluster.OutputsAreFiles);
        await using var context = cluster.NewContext();
        var computed = context.LongAccumulator();
        var cached = context.Range(0, 40_000, 4).Map(n => AddTo(computed, n)).Persist(StorageLevel.Disk);
        var sums = cached.Map(n => (n % 1_000, n)).ReduceByKey((a, b) => a + b, 3);
        Assert.Equal(40_000, await cached.CountAsync());
        Assert.Equal(1_000, await sums.CountAsync());
        var before = computed.Value;

        // A stage that stumbles over one map output after the other gives up after a few.
        Assert.NotEqual(0, Damage(cluster, context.Application, prefix, isTruncated, most: prefix == "map-" ? 2 : int.MaxValue));

        var right = Enumerable.Range(0, 40_000).GroupBy(n => (long)n % 1_000, (key, all) => (key, all.Sum(n => (long)n))).Order();
        Assert.Equal(Enumerable.Range(0, 40_000).Select(n => (long)n), await Wait.For(cached.CollectAsync(), "the first job"));
        Assert.Equal(right, (await Wait.For(sums.CollectAsync(), "the second job")).Order());
        Assert.True(prefix == "map-" || computed.Value > before, "Nothing was computed again.");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Job_CopiesOfItsProgramAndValuesAreDamaged_AreSentAgain(bool isTruncated)
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 2, ("Dpark:BlockStore:MaxMemoryBytes", "0"));
        await using var context = cluster.NewContext();
        var table = new int[3_000_000];
        table[7] = 7;
        var value = context.Broadcast(Enumerable.Range(0, 100_000).ToArray());
        var sum = context.Range(0, 100, 24).Map(n => Slowly(table[n % 10] + value.Value[n]));
        Assert.Equal(4950 + 70, await sum.ReduceAsync((a, b) => a + b));

        Assert.NotEqual(0, Damage(cluster, context.Application, "broadcast-", isTruncated));

        // It has nothing yet, so it asks for all of it.
        await cluster.Cluster.StartAdditionalSiloAsync();
        Assert.Equal(4950 + 70, await Wait.For(sum.ReduceAsync((a, b) => a + b), "the job"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ReadAsync_ResultIsDamagedBeforeItIsRead_IsComputedAgain(bool isTruncated)
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 2, ("Dpark:BlockStore:MaxMemoryBytes", "0"));
        await using var context = cluster.NewContext();
        var rdd = context.Range(0, 200_000, 2);
        List<PartitionResult<long>> results = [];
        await foreach (var result in context.RunJobAsync(rdd, partitions: null, new JobOptions(new CallSite("Test", "", 0)), CancellationToken.None))
        {
            results.Add(result);
        }

        Assert.Equal(2, Damage(cluster, context.Application, "result-", isTruncated));

        List<long> read = [];
        foreach (var result in results)
        {
            await foreach (var batch in result.ReadAsync(CancellationToken.None))
            {
                read.AddRange(batch.Span);
            }
        }

        Assert.Equal(Enumerable.Range(0, 200_000).Select(n => (long)n), read);
    }

    private static int Damage(JobCluster cluster, AppId application, string prefix, bool isTruncated, int most = int.MaxValue)
    {
        var count = 0;
        foreach (var path in cluster.FilesOf(application).Where(path => Path.GetFileName(path).StartsWith(prefix, StringComparison.Ordinal) && File.Exists(path)).Take(most))
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            count++;
            if (isTruncated)
            {
                file.SetLength(file.Length / 2);
                continue;
            }

            // Behind the headers, where records are.
            file.Position = Math.Min(100, file.Length / 2);
            var value = file.ReadByte();
            file.Position--;
            file.WriteByte((byte)(value ^ 0x10));
        }

        return count;
    }

    private static long AddTo(Accumulators.Accumulator<long, long> computed, long value)
    {
        computed.Add(1);
        return value;
    }

    // So that no worker is done before the others have begun.
    private static long Slowly(long value)
    {
        Thread.SpinWait(100_000);
        return value;
    }
}
