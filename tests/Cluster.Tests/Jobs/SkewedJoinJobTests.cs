using Dpark.Driver;
using Dpark.Rdds;

namespace Dpark.Jobs;

/// <summary>Joins whose large partition is cut, between workers: their parts read other workers' map outputs, spill, and are run again when outputs or workers are lost.</summary>
public sealed class SkewedJoinJobTests
{
    private const int RowCount = 60_000;
    private const int KeyCount = 300;
    private const int HotKey = 17;
    private const int LeftMapCount = 5;
    private const int RightMapCount = 8;

    [Fact]
    public async Task Join_OneKeyHasMostRows_IsCutAndGivesTheSameAsWhole()
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 2, JobCluster.OutputsAreFiles);
        await using var context = await NewContextAsync(cluster);
        await using var plain = await NewContextAsync(cluster, splitSkewed: false);
        var joined = Joined(context);
        var whole = Joined(plain);

        Assert.Equal(Expected(), await CheckAsync(joined));
        Assert.Equal(Expected(), await CheckAsync(whole));

        Assert.Contains(" cut into ", joined.ToDebugString(), StringComparison.Ordinal);
        Assert.InRange(joined.Partitions.Count, whole.Partitions.Count + 1, 2 * whole.Partitions.Count);
        Assert.True(context.Totals.ShuffleRemoteBytesRead > 0);
    }

    [Fact]
    public async Task Join_CutAndCached_IsRightWhenAWorkerIsLost()
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 3, JobCluster.OutputsAreFiles);
        await using var context = await NewContextAsync(cluster);
        var joined = Joined(context).Cache();
        Assert.Equal(Expected(), await CheckAsync(joined));
        var partitions = joined.Partitions.Count;

        await cluster.Cluster.KillSiloAsync(cluster.Cluster.SecondarySilos[0]);

        Assert.Equal(Expected(), await CheckAsync(joined));
        Assert.Equal(partitions, joined.Partitions.Count);
        Assert.Contains(" cut into ", joined.ToDebugString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Join_MapOutputOfAPartIsLost_OnlyThatMapRunsAgain()
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 2, JobCluster.OutputsAreFiles);
        await using var context = await NewContextAsync(cluster);
        var joined = Joined(context);
        Assert.Equal(Expected(), await CheckAsync(joined));
        var written = context.Totals.ShuffleRecordsWritten;

        Truncate(cluster.FilesOf(context.Application).First(path => Path.GetFileName(path).StartsWith("map-", StringComparison.Ordinal) && File.Exists(path)));

        // One map of one side.
        Assert.Equal(Expected(), await CheckAsync(joined));
        Assert.Contains(context.Totals.ShuffleRecordsWritten - written, new long[] { KeyCount / LeftMapCount, RowCount / RightMapCount });
    }

    [Fact]
    public async Task Join_PartsLargerThanTheBudget_SpillAndAreRight()
    {
        await using var context = await DparkContext.LocalAsync(new LocalOptions
        {
            SlotCount = 2,
            ConfigureWorker = worker => worker.Memory.BudgetBytes = 4 << 20,
            Client = { Partitioning = { SkewBytes = 100_000, PartitionBytes = 100_000 } },
        });

        // The left side has nearly all of its million rows in one partition: half of it in each part, 7 MB, more than the budget also where the other part does not run at the same time.
        const int Count = 1_000_000;
        var left = context.Range(0, Count, 4).Map(n => (n % 10 == 0 ? n % 1_000 : HotKey, n));
        var right = context.Range(0, 3_000, 4).Map(n => (n % 1_500, -n));
        var joined = left.Join(right);

        var sums = (await Wait.For(joined.MapPartitions(Sums).CollectAsync(), "the join")).Aggregate(default((long Count, long Sum)), (a, b) => (a.Count + b.Count, unchecked(a.Sum + b.Sum)));

        var rights = Enumerable.Range(0, 3_000).ToLookup(n => n % 1_500L, n => -(long)n);
        var expected = Sums(Enumerable.Range(0, Count).SelectMany(n => rights[n % 10 == 0 ? n % 1_000 : HotKey].Select(other => (n % 10 == 0 ? n % 1_000L : HotKey, ((long)n, other))))).Single();
        Assert.Equal(expected, sums);
        Assert.Equal(3, joined.Partitions.Count);
        Assert.True(context.Totals.SpilledBytes > 0);
    }

    private static Rdd<(long Key, (long Left, long Right) Value)> Joined(DparkContext context)
    {
        var left = context.Range(0, KeyCount, LeftMapCount).Map(n => (n, n * 3));
        var right = context.Range(0, RowCount, RightMapCount).Map(n => (n % 10 == 0 ? n % KeyCount : HotKey, n));
        return left.Join(right);
    }

    private static (long Count, long Sum) Expected() =>
        Sums(Enumerable.Range(0, RowCount).Select(n => (Key: n % 10 == 0 ? n % KeyCount : HotKey, Value: n)).Select(row => ((long)row.Key, (row.Key * 3L, (long)row.Value)))).Single();

    private static async Task<(long Count, long Sum)> CheckAsync(Rdd<(long Key, (long Left, long Right) Value)> joined) =>
        (await Wait.For(joined.MapPartitions(Sums).CollectAsync(), "the join")).Aggregate(default((long Count, long Sum)), (a, b) => (a.Count + b.Count, unchecked(a.Sum + b.Sum)));

    private static IEnumerable<(long Count, long Sum)> Sums(IEnumerable<(long Key, (long Left, long Right) Value)> rows)
    {
        var (count, sum) = (0L, 0L);
        foreach (var (key, (left, right)) in rows)
        {
            count++;
            sum = unchecked(sum + ((key * 31) ^ (left * 1_000_003) ^ (right * 7)));
        }

        yield return (count, sum);
    }

    private static async Task<DparkContext> NewContextAsync(JobCluster cluster, bool splitSkewed = true)
    {
        var context = cluster.NewContext(options =>
        {
            options.Partitioning.SplitSkewed = splitSkewed;
            options.Partitioning.SkewBytes = 20_000;
            options.Partitioning.PartitionBytes = 20_000;
        });
        await context.StartAsync();
        return context;
    }

    private static void Truncate(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        file.SetLength(file.Length / 2);
    }
}
