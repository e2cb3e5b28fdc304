using Dpark.Driver;
using Dpark.Rdds;
using Dpark.Scheduling;

namespace Dpark.Jobs;

/// <summary>Silos die while jobs run. Each test has a cluster of its own.</summary>
public sealed class FailoverTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SiloLeaves_HalfOfTheMapsAreDone_ResultIsRight(bool isKilled)
    {
        await using var cluster = await JobCluster.StartAsync();
        await using var context = cluster.NewContext(options => options.Scheduler.ProgressInterval = TimeSpan.Zero);
        var halfWay = new ProgressListener(doneCount: 15);
        using var subscription = context.Subscribe(halfWay);
        var counts = context.Range(0, 30_000, 30).Map(n => (n % 100, 1L)).ReduceByKey((a, b) => a + b, 6).CollectAsync();

        await Wait.For(halfWay.Reached, "half of the maps");
        var silo = cluster.Cluster.SecondarySilos[0];
        await Wait.For(isKilled ? cluster.Cluster.KillSiloAsync(silo) : cluster.Cluster.StopSiloAsync(silo), "the end of the silo");

        Assert.Equal(Enumerable.Range(0, 100).Select(key => ((long)key, 300L)), (await Wait.For(counts, "the job")).Order());
    }

    [Fact]
    public async Task SiloKilled_BetweenTwoJobs_LostMapOutputsAreComputedAgain()
    {
        await using var cluster = await JobCluster.StartAsync();
        await using var context = cluster.NewContext();
        var counts = context.Range(0, 3_000, 12).Map(n => (n % 10, 1L)).ReduceByKey((a, b) => a + b, 4).Cache();
        Assert.Equal(10, await counts.CountAsync());

        await cluster.Cluster.KillSiloAsync(cluster.Cluster.SecondarySilos[1]);

        Assert.Equal(Enumerable.Range(0, 10).Select(key => ((long)key, 300L)), (await Wait.For(counts.CollectAsync(), "the job")).Order());
    }

    [Fact]
    public async Task SiloKilled_NumbersWereGivenAfterAShuffle_EachIsThereOnce()
    {
        await using var cluster = await JobCluster.StartAsync();
        await using var context = cluster.NewContext();
        var warned = new WarningListener();
        using var subscription = context.Subscribe(warned);

        // The numbers depend on the order in which buckets arrive. The last stage groups by number, so one that is lost or there twice is seen.
        var numbered = context.Range(0, 2_000, 12).Map(n => (n, 1L)).ReduceByKey((a, b) => a + b, 6).ZipWithIndex().Map(pair => (pair.Index, pair.Element.Key)).GroupByKey(6);
        Assert.Equal(2_000, await numbered.CountAsync());
        await cluster.Cluster.KillSiloAsync(cluster.Cluster.SecondarySilos[0]);

        var groups = await Wait.For(numbered.CollectAsync(), "the job");

        Assert.Equal(Enumerable.Range(0, 2_000).Select(n => (long)n), groups.Select(group => group.Key).Order());
        Assert.Equal(Enumerable.Range(0, 2_000).Select(n => (long)n), groups.Select(group => Assert.Single(group.Values)).Order());
        Assert.Contains(warned.Texts, text => text.Contains("run again as a whole", StringComparison.Ordinal));
    }

    [Fact]
    public async Task SiloJoins_WhileTheJobWaits_ItRunsThere()
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 1);
        await using var context = cluster.NewContext();
        Assert.Equal(10, await context.Range(0, 10, 5).CountAsync());

        await cluster.Cluster.StartAdditionalSiloAsync();

        Assert.Equal(1000, await Wait.For(context.Range(0, 1000, 100).CountAsync(), "the job"));
    }

    [Fact]
    public async Task DisposeAsync_AfterShufflesBroadcastsAndResults_LeavesNothingOnAnyWorker()
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 3, JobCluster.OutputsAreFiles);
        var table = new int[50_000];
        await using (var context = cluster.NewContext())
        {
            var rdd = context.Range(0, 100_000, 6).Map(n => (n % 1000, n + table[n % 100])).ReduceByKey((a, b) => a + b, 6).Cache();
            Assert.Equal(1000, await rdd.CountAsync());
            Assert.Equal(300_000, (await context.Range(0, 300_000, 2).CollectAsync()).Length);
            Assert.NotEmpty(cluster.FilesOf(context.Application));

            await Wait.For(context.DisposeAsync().AsTask(), "disposing");

            Assert.Empty(cluster.FilesOf(context.Application));
        }

        foreach (var silo in cluster.Cluster.Silos)
        {
            var status = await cluster.Cluster.Client.GetGrain<Workers.IWorkerGrain>(JobCluster.IdOf(silo).Value).GetStatusAsync(CancellationToken.None);
            Assert.Equal((0, 0L), (status.ApplicationCount, status.CachedBytes));
        }
    }

    private sealed class WarningListener : IJobListener
    {
        public List<string> Texts { get; } = [];

        public void OnWarning(JobId job, string text) => Texts.Add(text);
    }

    private sealed class ProgressListener(int doneCount) : IJobListener
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void OnStageProgress(StageProgress progress)
        {
            if (progress.DoneCount >= doneCount)
            {
                _reached.TrySetResult();
            }
        }
    }
}
