using Dpark.Driver;
using Dpark.Rdds;
using Dpark.Scheduling;

namespace Dpark.Jobs;

/// <summary>Where one worker does everything, the next stage's attempts wait on it while the last maps run.</summary>
public sealed class LaunchAheadTests
{
    private static readonly ManualResetEventSlim Gate = new();

    [Fact]
    public async Task ReduceByKey_OneWorker_ReadersAreThereBeforeTheMapsEndAndReadThem()
    {
        Gate.Reset();
        await using var cluster = await JobCluster.StartAsync(siloCount: 1);
        await using var context = cluster.NewContext(options => options.Scheduler.ProgressInterval = TimeSpan.Zero);
        var listener = new ReaderListener();
        using var subscription = context.Subscribe(listener);

        var counts = context.Range(0, 1_000, 2).Map(Waited).ReduceByKey((a, b) => a + b, 2).CollectAsync();
        await Wait.For(listener.Reached, "an attempt that waits for its map outputs");
        Assert.False(listener.AreMapsDone);
        Gate.Set();

        Assert.Equal(Enumerable.Range(0, 10).Select(key => ((long)key, 100L)), (await Wait.For(counts, "the job")).Order());
    }

    [Fact]
    public async Task ReduceByKey_ManyRoundsOnOneWorker_AreAllRight()
    {
        await using var cluster = await JobCluster.StartAsync(siloCount: 1);
        await using var context = cluster.NewContext();
        var sums = context.Range(0, 1_000, 4).Map(n => (n % 10, 1L)).ReduceByKey((a, b) => a + b, 3);
        for (var round = 0; round < 20; round++)
        {
            sums = sums.Map(pair => ((pair.Key + 1) % 10, pair.Value + 1)).ReduceByKey((a, b) => a + b, 2 + (round % 3));
        }

        Assert.Equal(Enumerable.Range(0, 10).Select(key => ((long)key, 120L)), (await Wait.For(sums.CollectAsync(), "the job")).Order());
    }

    [Fact]
    public async Task ReduceByKey_MapFailsOnceWhileReadersWait_ResultIsRight()
    {
        Gate.Reset();
        await using var cluster = await JobCluster.StartAsync(siloCount: 1);
        await using var context = cluster.NewContext(options =>
        {
            options.Scheduler.RetryElsewhereWait = TimeSpan.Zero;
            options.Scheduler.ProgressInterval = TimeSpan.Zero;
        });
        var listener = new ReaderListener();
        using var subscription = context.Subscribe(listener);

        var counts = context.Range(0, 1_000, 2).Map(FailedOnce).ReduceByKey((a, b) => a + b, 2).CollectAsync();
        await Wait.For(listener.Reached, "an attempt that waits for its map outputs");
        Gate.Set();

        Assert.Equal(Enumerable.Range(0, 10).Select(key => ((long)key, 100L)), (await Wait.For(counts, "the job")).Order());
    }

    private static (long Key, long Count) Waited(long n)
    {
        Gate.Wait(JobCluster.Limit);
        return (n % 10, 1L);
    }

    private static (long Key, long Count) FailedOnce(long n)
    {
        if (n == 999 && Tasks.TaskContext.Current!.Attempt.Attempt == 0)
        {
            Gate.Wait(JobCluster.Limit);
            throw new InvalidOperationException("once");
        }

        return (n % 10, 1L);
    }

    private sealed class ReaderListener : IJobListener
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public bool AreMapsDone { get; private set; }

        public void OnStageProgress(StageProgress progress)
        {
            AreMapsDone |= progress is { Stage.Shuffle: not null, IsEnded: true };
            if (progress is { Stage.Shuffle: null, RunningCount: > 0 })
            {
                _reached.TrySetResult();
            }
        }
    }
}
