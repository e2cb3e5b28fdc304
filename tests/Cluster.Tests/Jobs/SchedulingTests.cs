using Dpark.Configuration;
using Dpark.Driver;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Jobs;

/// <summary>Late tasks, failing workers and pools, on a cluster of three silos in this process.</summary>
public sealed class SchedulingTests : IAsyncLifetime
{
    // Silos of this process share it with the test.
    private static readonly SemaphoreSlim Gate = new(0);

    private JobCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await JobCluster.StartAsync();

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Speculation_FirstAttemptNeverEnds_SecondGivesTheResult()
    {
        await using var context = _cluster.NewContext(options => options.Scheduler.Speculation = true);

        var sum = context.Range(0, 1000, 20).MapPartitionsWithIndex((index, numbers) =>
        {
            if (index == 7 && TaskContext.Current!.Attempt.Attempt == 0)
            {
                TaskContext.Current.CancellationToken.WaitHandle.WaitOne();
            }

            return numbers;
        }).ReduceAsync((a, b) => a + b);

        Assert.Equal(499_500, await Wait.For(sum, "the job with a task that never ends"));
    }

    [Fact]
    public async Task ExcludeOnFailure_TasksFailOnOneWorker_OthersRunThemAndTheJobSaysSo()
    {
        await using var context = _cluster.NewContext();
        var bad = JobCluster.IdOf(_cluster.Cluster.Primary!).Value;
        var summaries = new SummaryListener();
        using var subscription = context.Subscribe(summaries);

        var count = context.Range(0, 1000, 30).Map(n => TaskContext.Current!.Worker.Value == bad ? throw new IOException("The disk of this worker is bad.") : n).CountAsync();

        Assert.Equal(1000, await Wait.For(count, "the job"));
        var summary = Assert.Single(summaries.Summaries);
        Assert.Contains(summary.Warnings, text => text.StartsWith($"{bad} gets no more tasks of stage-0 for ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task WithPool_FairPools_JobStartedLaterEndsBeforeTheLongOneDoes()
    {
        await using var context = _cluster.NewContext(options => options.Scheduler.Mode = SchedulingMode.Fair);
        using var cancellation = new CancellationTokenSource();

        // It has all slots; those that it gives back one by one would be its own again if the older job came first.
        Task<long> many;
        using (context.WithPool("many"))
        {
            many = context.Range(0, 100, 100).Map(n => WaitAtGate(n)).CountAsync(cancellation.Token);
        }

        Gate.Release(1);
        Task<long> few;
        using (context.WithPool("few"))
        {
            few = context.Range(0, 3, 3).CountAsync(CancellationToken.None);
        }

        Gate.Release(5);

        Assert.Equal(3, await Wait.For(few, "the short job"));
        Assert.False(many.IsCompleted);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => many);
    }

    private static long WaitAtGate(long n)
    {
        Gate.Wait(TaskContext.Current!.CancellationToken);
        return n;
    }

    private sealed class SummaryListener : IJobListener
    {
        public List<JobSummary> Summaries { get; } = [];

        public void OnJobEnded(JobSummary job) => Summaries.Add(job);
    }
}
