using Dpark.Jobs;
using Dpark.Rdds;
using Dpark.Scheduling;
using Dpark.Tasks;

namespace Dpark.Driver;

/// <summary>What a driver makes of its workers' answers, and of those that do not come.</summary>
public sealed class DriverTests : DriverTest
{
    [Fact]
    public async Task CollectAsync_ReportsInReverseOrder_ElementsInOrder()
    {
        var worker = Cluster.AddWorker("w1");
        var collected = Context().Range(0, 4, sliceCount: 2).CollectAsync();
        var first = await worker.NextLaunchAsync();
        var second = await worker.NextLaunchAsync();

        worker.Report(Reports.Result(second.Attempt, 2L, 3L));
        worker.Report(Reports.Result(first.Attempt, 0L, 1L));

        await AssertCollectedAsync([0L, 1L, 2L, 3L], collected);
        Assert.Equal([0, 1], [first.Attempt.PartitionIndex, second.Attempt.PartitionIndex]);
        Assert.All(worker.Batches, batch => Assert.Equal(7, batch.Epoch));
    }

    [Fact]
    public async Task Launch_WorkerRefuses_IsLaunchedAgain()
    {
        var worker = Cluster.AddWorker("w1");
        var isFirst = true;
        worker.OnLaunch = batch =>
        {
            var refused = isFirst ? batch.Launches.Select(launch => launch.Attempt).ToArray() : [];
            isFirst = false;
            return Task.FromResult(refused);
        };
        var collected = Context().Range(0, 1, sliceCount: 1).CollectAsync();

        var launch = await worker.NextLaunchAsync();
        worker.Report(Reports.Result(launch.Attempt, 5L));

        await AssertCollectedAsync([5L], collected);
        Assert.Equal(1, launch.Attempt.Attempt);
    }

    [Fact]
    public async Task Launch_CallFails_AnotherWorkerGetsIt()
    {
        var broken = Cluster.AddWorker("w1", slotCount: 1);
        broken.OnLaunch = _ => throw new TimeoutException("No answer came.");
        var worker = Cluster.AddWorker("w2", slotCount: 1);
        var collected = Context().Range(0, 2, sliceCount: 2).CollectAsync();

        for (var i = 0; i < 2; i++)
        {
            var launch = await worker.NextLaunchAsync();
            worker.Report(Reports.Result(launch.Attempt, (long)launch.Attempt.PartitionIndex));
        }

        await AssertCollectedAsync([0L, 1L], collected);
    }

    [Fact]
    public async Task Poll_BatchComesTwice_CountsOnce()
    {
        var worker = Cluster.AddWorker("w1");
        var context = Context();
        var collected = context.Range(0, 2, sliceCount: 2).CollectAsync();
        var first = await worker.NextLaunchAsync();
        var second = await worker.NextLaunchAsync();
        var generation = Guid.NewGuid();
        var report = Reports.Result(first.Attempt, 0L);

        worker.Answer(_ => new OutboxBatch(generation, 1, [report]));
        worker.Answer(_ => new OutboxBatch(generation, 1, [report, Reports.Result(second.Attempt, 1L)]));

        await AssertCollectedAsync([0L, 1L], collected);
        Assert.Equal(2, context.Totals.TaskCount);
        Assert.Equal([0L, 1L], worker.Cursors.Take(2).Select(cursor => cursor.Sequence));
    }

    [Fact]
    public async Task Poll_CallFails_IsRepeatedWithTheSameCursor()
    {
        var worker = Cluster.AddWorker("w1");
        var collected = Context().Range(0, 1, sliceCount: 1).CollectAsync();
        var launch = await worker.NextLaunchAsync();

        worker.Answer(_ => throw new TimeoutException("No answer came."));
        worker.Report(Reports.Result(launch.Attempt, 5L));

        await AssertCollectedAsync([5L], collected);
        Assert.Equal([default, default], worker.Cursors.Take(2));
    }

    [Fact]
    public async Task Poll_OutboxStartsOver_TasksRunAgain()
    {
        var worker = Cluster.AddWorker("w1");
        var collected = Context().Range(0, 2, sliceCount: 2).CollectAsync();
        var first = await worker.NextLaunchAsync();
        var second = await worker.NextLaunchAsync();

        worker.Report(Reports.Result(first.Attempt, 0L));
        worker.Answer(_ => new OutboxBatch(Guid.NewGuid(), 1, []));
        var again = await worker.NextLaunchAsync();
        worker.Answer(cursor => new OutboxBatch(cursor.Generation, 1, [Reports.Result(again.Attempt, 1L)]));

        await AssertCollectedAsync([0L, 1L], collected);
        Assert.Equal((second.Attempt.PartitionIndex, 1), (again.Attempt.PartitionIndex, again.Attempt.Attempt));
    }

    [Fact]
    public async Task WorkerLost_MasterDropsIt_ItsTaskRunsElsewhere()
    {
        var lost = Cluster.AddWorker("w1");
        var collected = Context().Range(0, 1, sliceCount: 1).CollectAsync();
        await lost.NextLaunchAsync();
        var other = Cluster.AddWorker("w2");

        Cluster.Master.Remove(lost.Info.Id);

        await ReportNextAsync(other, 0);
        await AssertCollectedAsync([0L], collected);
    }

    [Fact]
    public async Task MasterStartsOver_WorkerHasNotRegisteredYet_IsKept()
    {
        var worker = Cluster.AddWorker("w1");
        var context = Context();
        var collected = context.Range(0, 1, sliceCount: 1).CollectAsync();
        var launch = await worker.NextLaunchAsync();

        Cluster.Master.StartOver();
        worker.Report(Reports.Result(launch.Attempt, 5L));

        await AssertCollectedAsync([5L], collected);
        Assert.Equal(2, context.DefaultParallelism);
    }

    [Fact]
    public async Task CollectAsync_NoWorker_WaitsForOne()
    {
        var context = Context();
        var collected = context.Range(0, 1, sliceCount: 1).CollectAsync();

        var worker = Cluster.AddWorker("w1");

        await ReportNextAsync(worker, 0);
        await AssertCollectedAsync([0L], collected);
    }

    [Fact]
    public async Task CollectAsync_TokenCancelled_AttemptsAreCancelled()
    {
        var worker = Cluster.AddWorker("w1");
        using var cancellation = new CancellationTokenSource();
        var collected = Context().Range(0, 2, sliceCount: 2).CollectAsync(cancellation.Token);
        TaskLaunch[] launches = [await worker.NextLaunchAsync(), await worker.NextLaunchAsync()];

        await cancellation.CancelAsync();

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait.For(collected, "the job"));
        Assert.Equal(cancellation.Token, thrown.CancellationToken);
        TaskAttemptId[] cancelled = [await worker.NextCancellationAsync(), await worker.NextCancellationAsync()];
        Assert.Equal(launches.Select(launch => launch.Attempt).Order(ByText), cancelled.Order(ByText));
    }

    [Fact]
    public async Task Streaming_LeftEarly_AttemptsAreCancelled()
    {
        var worker = Cluster.AddWorker("w1");
        await using var elements = Context().Range(0, 2, sliceCount: 2).GetAsyncEnumerator();
        var moved = elements.MoveNextAsync().AsTask();
        var first = await worker.NextLaunchAsync();
        var second = await worker.NextLaunchAsync();
        worker.Report(Reports.Result(first.Attempt, 4L));
        Assert.True(await Wait.For(moved, "the first element"));
        Assert.Equal(4L, elements.Current);

        await elements.DisposeAsync();

        Assert.Equal(second.Attempt, await worker.NextCancellationAsync());
    }

    [Fact]
    public async Task CancelTasks_LaunchUnderWay_IsSentAfterIt()
    {
        var worker = Cluster.AddWorker("w1", slotCount: 1);
        var started = new TaskCompletionSource();
        var release = new TaskCompletionSource<TaskAttemptId[]>();
        worker.OnLaunch = _ =>
        {
            started.SetResult();
            return release.Task;
        };
        using var cancellation = new CancellationTokenSource();
        var collected = Context().Range(0, 1, sliceCount: 1).CollectAsync(cancellation.Token);
        await Wait.For(started.Task, "the launch");
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait.For(collected, "the job"));

        release.SetResult([]);

        var launch = await worker.NextLaunchAsync();
        Assert.Equal(launch.Attempt, await worker.NextCancellationAsync());
    }

    [Fact]
    public async Task CollectAsync_TaskFailsTooOften_ThrowsWithTheTextOfTheCause()
    {
        var worker = Cluster.AddWorker("w1");
        var collected = Context(options => options.Scheduler.MaxTaskFailures = 2).Range(0, 1, sliceCount: 1).CollectAsync();

        for (var attempt = 0; attempt < 2; attempt++)
        {
            worker.Report(Reports.Failed((await worker.NextLaunchAsync()).Attempt, $"Attempt {attempt} has no luck."));
        }

        var thrown = await Assert.ThrowsAsync<JobFailedException>(() => Wait.For(collected, "the job"));
        Assert.Contains("Attempt 1 has no luck.", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("CollectAsync at DriverTests.cs:", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(worker.Info.Id, thrown.Worker);
        var cause = Assert.IsType<RemoteTaskException>(thrown.InnerException);
        Assert.Equal(("Contoso.UnknownException", "   at Contoso.Job.Run()"), (cause.ExceptionType, cause.RemoteStackTrace));
    }

    [Fact]
    public async Task CollectAsync_ResultsOverTheLimit_Fails()
    {
        var worker = Cluster.AddWorker("w1");
        var collected = Context(options => options.MaxResultBytes = 1000).Range(0, 1000, sliceCount: 2).CollectAsync();
        var first = await worker.NextLaunchAsync();

        worker.Report(Reports.Result(first.Attempt, [.. Enumerable.Range(0, 500).Select(i => (long)i << 32)]));

        var thrown = await Assert.ThrowsAsync<JobFailedException>(() => Wait.For(collected, "the job"));
        Assert.Contains("1000 bytes", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("Dpark:Client:MaxResultBytes", thrown.Message, StringComparison.Ordinal);
    }

    private static IComparer<TaskAttemptId> ByText { get; } = Comparer<TaskAttemptId>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()));
}
