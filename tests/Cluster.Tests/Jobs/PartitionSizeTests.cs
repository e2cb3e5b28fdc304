using Dpark.Applications;
using Dpark.Driver;
using Dpark.Rdds;
using Dpark.Rdds.Sources;
using Dpark.Scheduling;
using Dpark.Shuffle;
using Orleans.Runtime;

namespace Dpark.Jobs;

/// <summary>Partitions of several buckets, between workers: read from files and over the wire, and again when map outputs cannot be read.</summary>
public sealed class PartitionSizeTests : IDisposable
{
    private const int LineCount = 60_000;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.txt");

    public PartitionSizeTests() => File.WriteAllLines(_path, Enumerable.Range(0, LineCount).Select(i => $"{i * 7919L % 3_000:D9}"));

    public void Dispose() => File.Delete(_path);

    [Fact]
    public async Task Job_PartitionsOfSeveralBuckets_GivesTheSameAsWithoutSizes()
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 2, JobCluster.OutputsAreFiles);
        await using var sized = await NewContextAsync(cluster, bySize: true);
        await using var plain = await NewContextAsync(cluster, bySize: false);
        var (small, other) = (Keyed(sized).ReduceByKey((a, b) => a + b), Keyed(plain).ReduceByKey((a, b) => a + b));

        Assert.Equal((await other.CollectAsync()).Order(), (await Wait.For(small.CollectAsync(), "the sums")).Order());
        Assert.Equal(await Keyed(plain).SortBy(pair => pair.Key).CollectAsync(), await Wait.For(Keyed(sized).SortBy(pair => pair.Key).CollectAsync(), "the sort"));
        Assert.Equal(LineCount, (await Keyed(sized).GroupByKey().CollectAsync()).Sum(group => group.Values.Length));
        Assert.Equal(LineCount, await Keyed(sized).Join(small).CountAsync());

        Assert.Equal(4, other.Partitions.Count);
        Assert.InRange(small.Partitions.Count, 2, 60);
        Assert.Contains(" buckets, the largest", small.ToDebugString(), StringComparison.Ordinal);
        Assert.True(sized.Totals.ShuffleRemoteBytesRead > 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Job_MapOutputOfSeveralBucketsIsDamaged_IsRight(bool isTruncated)
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 2, JobCluster.OutputsAreFiles);
        await using var context = await NewContextAsync(cluster, bySize: true);
        var added = context.LongAccumulator();
        var sums = Keyed(context).Map(pair => Note(pair, added)).ReduceByKey((a, b) => a + b);
        Assert.Equal(3_000, await sums.CountAsync());
        var before = sums.Partitions.Count;

        Damage(cluster, context.Application, isTruncated);

        Assert.All(await Wait.For(sums.CollectAsync(), "the second job"), pair => Assert.Equal(LineCount / 3_000, pair.Value));
        Assert.Equal(before, sums.Partitions.Count);
        Assert.Equal(LineCount, added.Value);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Job_SiloIsKilledWhenBucketSizesAreToBeMeasured_IsRight(bool isWithRegistry)
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 3, JobCluster.OutputsAreFiles);
        await using var context = await NewContextAsync(cluster, bySize: true);
        var sums = Keyed(context).ReduceByKey((a, b) => a + b);
        var mapped = new MapsEnded();
        using var subscription = context.Subscribe(mapped);

        var collected = Task.Run(() => sums.CollectAsync());
        await Wait.For(mapped.Reached, "the first map stage");
        var grain = cluster.Cluster.Client.GetGrain<IMapOutputRegistryGrain>(context.Application.Value);

        // The listener may be told before the registry is, which has no place before its first call.
        await Wait.For(grain.SummarizeAsync(new ShuffleId(context.Application, 0), CancellationToken.None), "the registry");
        var registry = await cluster.Cluster.Client.GetGrain<IManagementGrain>(0).GetActivationAddress(grain);
        var victim = cluster.Cluster.SecondarySilos.First(silo => silo.SiloAddress.Equals(registry) == isWithRegistry || cluster.Cluster.Primary!.SiloAddress.Equals(registry));
        await Wait.For(cluster.Cluster.KillSiloAsync(victim), "the end of the silo");

        var pairs = await Wait.For(collected, "the job");
        Assert.Equal(3_000, pairs.Length);
        Assert.All(pairs, pair => Assert.Equal(LineCount / 3_000, pair.Value));
        Assert.InRange(sums.Partitions.Count, 2, 60);
    }

    /// <summary>Completes when the maps of a shuffle are done, before anything reads them.</summary>
    private sealed class MapsEnded : IJobListener
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void OnStageProgress(StageProgress progress)
        {
            if (progress is { IsEnded: true, Stage.Shuffle: not null })
            {
                _reached.TrySetResult();
            }
        }
    }

    private static (long Key, long Value) Note((long Key, long Value) pair, Accumulators.Accumulator<long, long> added)
    {
        added.Add(1);
        return pair;
    }

    private static void Damage(JobCluster cluster, AppId application, bool isTruncated)
    {
        var path = cluster.FilesOf(application).First(path => Path.GetFileName(path).StartsWith("map-", StringComparison.Ordinal) && File.Exists(path));
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        if (isTruncated)
        {
            file.SetLength(file.Length / 2);
            return;
        }

        file.Position = file.Length / 2;
        var value = file.ReadByte();
        file.Position--;
        file.WriteByte((byte)(value ^ 0x10));
    }

    private static async Task<DparkContext> NewContextAsync(JobCluster cluster, bool bySize)
    {
        var context = cluster.NewContext(options =>
        {
            options.Partitioning.BySize = bySize;
            options.Partitioning.PartitionBytes = 6_000;
            options.Partitioning.MinPartitionBytes = 1_000;
        });
        await context.StartAsync();
        return context;
    }

    private Rdd<(long Key, long Value)> Keyed(DparkContext context) =>
        context.TextFile(_path, new TextFileOptions { PartitionBytes = 150_000 }).Map(line => (Key: long.Parse(line, System.Globalization.CultureInfo.InvariantCulture), Value: 1L));
}
