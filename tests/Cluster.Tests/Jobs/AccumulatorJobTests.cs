using Dpark.Driver;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Jobs;

/// <summary>Accumulators of jobs on three silos of this process: each partition counts once, whatever happens to its attempts.</summary>
public sealed class AccumulatorJobTests : IAsyncLifetime
{
    private static readonly SemaphoreSlim Twin = new(0);

    private JobCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await JobCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Add_ByTasksOfAnAction_CountsEachElementOnce()
    {
        await using var context = _cluster.NewContext();
        var count = context.LongAccumulator("numbers");
        var sum = context.DoubleAccumulator();
        var sevens = context.CollectionAccumulator<long>();
        var greatest = context.Accumulator<long, long>(() => long.MinValue, (total, value) => Math.Max(total, value), (one, other) => Math.Max(one, other), "greatest");
        var ended = new EndListener();
        using var subscription = context.Subscribe(ended);

        await context.Range(0, 1000, 10).ForEachAsync(n =>
        {
            count.Add(1);
            sum.Add(0.5);
            greatest.Add(n);
            if (n % 100 == 7)
            {
                sevens.Add(n);
            }
        });

        Assert.Equal((1000L, 500.0, 999L), (count.Value, sum.Value, greatest.Value));
        Assert.Equal(Enumerable.Range(0, 10).Select(n => (n * 100L) + 7), sevens.Value.Order());
        Assert.Equal([new NamedTotal("numbers", "1000"), new("greatest", "999")], Assert.Single(ended.Summaries).Accumulators);
    }

    [Fact]
    public async Task Add_TasksFailAfterTheyHaveAdded_CountsEachElementOnce()
    {
        await using var context = _cluster.NewContext();
        var count = context.LongAccumulator();

        await context.Range(0, 300, 6).MapPartitions(numbers => numbers.Select(n =>
        {
            count.Add(1);
            return n % 50 == 49 && TaskContext.Current!.Attempt.Attempt < 2 ? throw new IOException("Not yet.") : n;
        })).CountAsync();

        Assert.Equal(300, count.Value);
    }

    [Fact]
    public async Task Add_TwoAttemptsOfOneTaskSucceed_CountsOneOfThem()
    {
        await using var context = _cluster.NewContext(options => options.Scheduler.Speculation = true);
        var count = context.LongAccumulator();

        var job = context.Range(0, 1000, 20).MapPartitionsWithIndex((index, numbers) => numbers.Select(n =>
        {
            count.Add(1);
            if (index == 7 && n % 50 == 49)
            {
                if (TaskContext.Current!.Attempt.Attempt == 0)
                {
                    // Deaf to its cancellation, so that it succeeds, too.
                    Twin.Wait();
                }
                else
                {
                    Twin.Release();
                }
            }

            return n;
        })).CountAsync();

        Assert.Equal(1000, await Wait.For(job, "the job with two attempts of one task"));
        Assert.Equal(1000, count.Value);
        Assert.Equal(10, await context.Range(0, 10, 2).Map(n => { count.Add(1); return n; }).CountAsync());
        Assert.Equal(1010, count.Value);
    }

    [Fact]
    public async Task Add_MapOutputsAreComputedAgain_CountsEachElementOnce()
    {
        await using var context = _cluster.NewContext();
        var count = context.LongAccumulator();
        var pairs = context.Range(0, 3000, 12).Map(n =>
        {
            count.Add(1);
            return (n % 10, 1L);
        }).ReduceByKey((a, b) => a + b, 4);
        Assert.Equal(10, await pairs.CountAsync());

        await _cluster.Cluster.KillSiloAsync(_cluster.Cluster.SecondarySilos[1]);

        Assert.Equal(10, await Wait.For(pairs.CountAsync(), "the second job"));
        Assert.Equal(3000, count.Value);
    }

    [Fact]
    public async Task Add_StageIsRunAgainAsAWhole_CountsEachElementOnce()
    {
        await using var cluster = await JobCluster.StartAsync();
        await using var context = cluster.NewContext();
        var keys = context.Accumulator<long, HashSet<long>>(
            () => [],
            (set, key) =>
            {
                set.Add(key);
                return set;
            },
            (one, other) => [.. one, .. other]);
        var count = context.LongAccumulator();

        // Buckets arrive in any order, so what is numbered cannot be computed again in parts.
        var numbered = context.Range(0, 2_000, 12).Map(n => (n, 1L)).ReduceByKey((a, b) => a + b, 6).ZipWithIndex().Map(pair =>
        {
            count.Add(1);
            keys.Add(pair.Element.Key);
            return (pair.Index, pair.Element.Key);
        }).GroupByKey(6);
        Assert.Equal(2_000, await numbered.CountAsync());

        await cluster.Cluster.KillSiloAsync(cluster.Cluster.SecondarySilos[0]);

        Assert.Equal(2_000, await Wait.For(numbered.CountAsync(), "the second job"));
        Assert.Equal((2_000L, 2_000), (count.Value, keys.Value.Count));
    }

    [Fact]
    public async Task Merge_UserFunctionThrows_FailsTheJobAndNamesIt()
    {
        await using var context = _cluster.NewContext();
        var bad = context.Accumulator<int, int>(() => 0, (total, value) => total + value, (_, _) => throw new FormatException("No merge."), "bad");

        var failed = await Assert.ThrowsAsync<Scheduling.JobFailedException>(() => Wait.For(context.Range(0, 4, 2).ForEachAsync(_ => bad.Add(1)), "the job"));

        Assert.Contains("accumulator-0 (bad) could not be merged. FormatException: No merge.", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_TaskLoopsForEver_JobEndsSlotsAreFreeAndItIsSaid()
    {
        await using var context = _cluster.NewContext();
        using var cancellation = new CancellationTokenSource();
        var still = new StillListener();
        using var subscription = context.Subscribe(still);
        var endless = context.Range(0, 6, 6).Map(n => Spin.Until(n)).CountAsync(cancellation.Token);
        await Wait.For(Spin.AllRunAsync(6), "tasks on all slots");

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait.For(endless, "the end of the cancelled job"));
        Assert.Equal(1000, await Wait.For(context.Range(0, 1000, 30).CountAsync(), "the next job"));
        Assert.Contains("still runs", await Wait.For(still.First, "the report"), StringComparison.Ordinal);
        Spin.IsOver = true;
    }

    /// <summary>User code that looks at no token.</summary>
    private static class Spin
    {
        public static volatile bool IsOver;

        private static readonly SemaphoreSlim Started = new(0);

        public static long Until(long n)
        {
            Started.Release();
            while (!IsOver)
            {
                Thread.Yield();
            }

            return n;
        }

        public static async Task AllRunAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                await Started.WaitAsync();
            }
        }
    }

    private sealed class StillListener : IJobListener
    {
        private readonly TaskCompletionSource<string> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> First => _first.Task;

        public void OnTaskStillRuns(Scheduling.TaskStillRuns task) => _first.TrySetResult($"{task.Attempt} {task.Reason}");
    }

    private sealed class EndListener : IJobListener
    {
        public List<JobSummary> Summaries { get; } = [];

        public void OnJobEnded(JobSummary job) => Summaries.Add(job);
    }
}
