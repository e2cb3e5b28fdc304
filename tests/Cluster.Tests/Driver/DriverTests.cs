using Dpark.Configuration;
using Dpark.Jobs;
using Dpark.Rdds;
using Dpark.Scheduling;
using Dpark.Tasks;
using Orleans.Runtime;

namespace Dpark.Driver;

public sealed class DriverTests : IAsyncDisposable
{
    private readonly FakeCluster _cluster = new();
    private DparkContext? _context;

    [Fact]
    public async Task CollectAsync_ReportsInReverseOrder_ElementsInOrder()
    {
        var worker = _cluster.AddWorker("w1");
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
        var worker = _cluster.AddWorker("w1");
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
        var broken = _cluster.AddWorker("w1", slotCount: 1);
        broken.OnLaunch = _ => throw new TimeoutException("No answer came.");
        var worker = _cluster.AddWorker("w2", slotCount: 1);
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
        var worker = _cluster.AddWorker("w1");
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
        var worker = _cluster.AddWorker("w1");
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
        var worker = _cluster.AddWorker("w1");
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
        var lost = _cluster.AddWorker("w1");
        var collected = Context().Range(0, 1, sliceCount: 1).CollectAsync();
        await lost.NextLaunchAsync();
        var other = _cluster.AddWorker("w2");

        _cluster.Master.Remove(lost.Info.Id);

        await ReportNextAsync(other, 0);
        await AssertCollectedAsync([0L], collected);
    }

    [Fact]
    public async Task MasterStartsOver_WorkerHasNotRegisteredYet_IsKept()
    {
        var worker = _cluster.AddWorker("w1");
        var context = Context();
        var collected = context.Range(0, 1, sliceCount: 1).CollectAsync();
        var launch = await worker.NextLaunchAsync();

        _cluster.Master.StartOver();
        worker.Report(Reports.Result(launch.Attempt, 5L));

        await AssertCollectedAsync([5L], collected);
        Assert.Equal(2, context.DefaultParallelism);
    }

    [Fact]
    public async Task CollectAsync_NoWorker_WaitsForOne()
    {
        var context = Context();
        var collected = context.Range(0, 1, sliceCount: 1).CollectAsync();

        var worker = _cluster.AddWorker("w1");

        await ReportNextAsync(worker, 0);
        await AssertCollectedAsync([0L], collected);
    }

    [Fact]
    public async Task CollectAsync_TokenCancelled_AttemptsAreCancelled()
    {
        var worker = _cluster.AddWorker("w1");
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
        var worker = _cluster.AddWorker("w1");
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
        var worker = _cluster.AddWorker("w1", slotCount: 1);
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
        var worker = _cluster.AddWorker("w1");
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
        var worker = _cluster.AddWorker("w1");
        var collected = Context(options => options.MaxResultBytes = 1000).Range(0, 1000, sliceCount: 2).CollectAsync();
        var first = await worker.NextLaunchAsync();

        worker.Report(Reports.Result(first.Attempt, new long[500]));

        var thrown = await Assert.ThrowsAsync<JobFailedException>(() => Wait.For(collected, "the job"));
        Assert.Contains("1000 bytes", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("Dpark:Client:MaxResultBytes", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_MissingInput_ProgramIsPublishedAgain()
    {
        var worker = _cluster.AddWorker("w1");
        var collected = Context().Range(0, 1, sliceCount: 1).CollectAsync();
        var launch = await worker.NextLaunchAsync();
        _cluster.Published.Clear();

        worker.Report(Reports.Failed(launch.Attempt, "There is no such program.", TaskOutcome.MissingInput));

        var again = await worker.NextLaunchAsync();
        Assert.Contains(_cluster.Published.Keys, key => key.EndsWith($"program-{again.Program.Hash}", StringComparison.Ordinal));
        worker.Report(Reports.Result(again.Attempt, 5L));
        await AssertCollectedAsync([5L], collected);
    }

    [Fact]
    public async Task Job_CallThatPublishesItsProgramIsLost_IsMadeAgain()
    {
        var worker = _cluster.AddWorker("w1");
        _cluster.PublishFaults = 2;

        var collected = Context().Range(0, 1, sliceCount: 1).CollectAsync();

        await ReportNextAsync(worker, 5);
        await AssertCollectedAsync([5L], collected);
        Assert.Equal(3, _cluster.PublishCount);
    }

    [Fact]
    public async Task Job_SameRddAgain_ProgramIsPublishedOnce()
    {
        var worker = _cluster.AddWorker("w1");
        var numbers = Context().Range(0, 1, sliceCount: 1);

        for (var job = 0; job < 3; job++)
        {
            var collected = numbers.CollectAsync();
            await ReportNextAsync(worker, job);
            await AssertCollectedAsync([job], collected);
        }

        Assert.Equal(1, _cluster.PublishCount);
    }

    [Fact]
    public async Task Shuffle_RegistryIsSlow_ReducersAreLaunchedAfterIt()
    {
        var worker = _cluster.AddWorker("w1");
        var gate = new TaskCompletionSource();
        _cluster.Registry.Gate = gate.Task;
        var collected = Context().Parallelize([("a", 1L)], sliceCount: 1).ReduceByKey((a, b) => a + b, 1).CollectAsync();
        var map = await worker.NextLaunchAsync();
        worker.Report(Reports.MapOutput(map.Attempt, worker.Info.Id, 10));
        var reduce = worker.NextLaunchAsync().AsTask();
        Assert.False(reduce.IsCompleted);

        gate.SetResult();

        var launch = await reduce;
        var registration = Assert.Single(_cluster.Registry.Registrations);
        Assert.Equal(("127.0.0.1:1", true), (Assert.Single(registration.Outputs).Endpoint, registration.IsLast));
        worker.Report(Reports.Result(launch.Attempt, ("a", 1L)));
        await AssertCollectedAsync([("a", 1L)], collected);
    }

    [Fact]
    public async Task Shuffle_ListIsLarge_IsRegisteredInSeveralMessages()
    {
        var worker = _cluster.AddWorker("w1", slotCount: 8);
        var collected = Context().Parallelize(Enumerable.Range(0, 8).Select(i => (i, 1L)), sliceCount: 8).ReduceByKey((a, b) => a + b, 20_000);
        var job = collected.TakeAsync(1);
        for (var map = 0; map < 8; map++)
        {
            var launch = await worker.NextLaunchAsync();
            worker.Report(Reports.MapOutput(launch.Attempt, worker.Info.Id, new long[20_000]));
        }

        var reduce = await worker.NextLaunchAsync();
        worker.Report(Reports.Result(reduce.Attempt, (3, 1L)));

        await AssertCollectedAsync([(3, 1L)], job);
        Assert.All(_cluster.Registry.Registrations, registration => Assert.InRange(registration.Outputs.Length, 0, 1));
        Assert.Equal(8, _cluster.Registry.Registrations.SelectMany(registration => registration.Outputs).DistinctBy(output => output.Output.MapIndex).Count());
    }

    [Fact]
    public async Task Listeners_OneJob_HearItInOrder()
    {
        var worker = _cluster.AddWorker("w1");
        var context = Context();
        var listener = new RecordingListener();
        using var subscription = context.Subscribe(listener);
        var collected = context.Range(0, 2, sliceCount: 2).CollectAsync();
        TaskLaunch[] launches = [await worker.NextLaunchAsync(), await worker.NextLaunchAsync()];

        worker.Report([.. launches.Select(launch => Reports.Result(launch.Attempt, 1L) with { Warnings = ["Something is odd."] })]);

        await Wait.For(collected, "the job");
        Assert.Equal("started CollectAsync", listener.Heard[0]);
        Assert.Equal("ended Succeeded, 2 tasks, 20 records, Something is odd.", listener.Heard[^1]);
        Assert.Single(listener.Heard, text => text == "warning Something is odd.");
        Assert.Equal(20, context.Totals.InputRecords);
    }

    [Fact]
    public async Task Listener_Throws_JobGoesOn()
    {
        var worker = _cluster.AddWorker("w1");
        var context = Context();
        using var subscription = context.Subscribe(new RecordingListener { Failure = new InvalidOperationException("I am broken.") });
        var collected = context.Range(0, 1, sliceCount: 1).CollectAsync();

        await ReportNextAsync(worker, 5);

        await AssertCollectedAsync([5L], collected);
    }

    [Fact]
    public async Task DisposeAsync_JobRuns_IsCancelledAndTheApplicationEnds()
    {
        var worker = _cluster.AddWorker("w1");
        var context = Context(options => options.ApplicationName = "billing");
        var collected = context.Range(0, 1, sliceCount: 1).CollectAsync();
        await worker.NextLaunchAsync();

        await Wait.For(context.DisposeAsync().AsTask(), "disposing");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait.For(collected, "the job"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => context.Range(0, 1).CountAsync());
        Assert.Equal(["start billing", "end"], _cluster.Application.Calls);
    }

    [Fact]
    public async Task DisposeAsync_NothingWasRun_LeavesNoTrace()
    {
        var context = Context();

        await context.DisposeAsync();

        Assert.Empty(_cluster.Application.Calls);
    }

    [Fact]
    public async Task StartAsync_CallsAreLost_IsMadeThreeTimesAndCanBeTriedAgain()
    {
        _cluster.AddWorker("w1", slotCount: 3);
        for (var i = 0; i < 4; i++)
        {
            _cluster.Application.StartFailures.Enqueue(new TimeoutException("No answer came."));
        }

        var context = Context();
        await Assert.ThrowsAsync<TimeoutException>(() => context.StartAsync());

        await context.StartAsync();

        Assert.Equal(3, context.DefaultParallelism);
    }

    [Fact]
    public async Task StartAsync_IsRejected_IsMadeAgain()
    {
        _cluster.AddWorker("w1", slotCount: 3);
        _cluster.Application.StartFailures.Enqueue(new SiloUnavailableException("The silo is gone."));
        var context = Context();

        await Wait.For(context.StartAsync(), "the start");

        Assert.Equal(3, context.DefaultParallelism);
        Assert.Equal(2, _cluster.Application.Calls.Count(call => call.StartsWith("start", StringComparison.Ordinal)));
        Assert.Equal("The silo is gone.", context.StartRejection?.Message);
    }

    [Fact]
    public async Task Lease_ClusterHasEndedTheApplication_JobsFail()
    {
        var worker = _cluster.AddWorker("w1");
        _cluster.Application.IsAlive = false;
        var collected = Context(options => options.Lease = TimeSpan.FromSeconds(1)).Range(0, 1, sliceCount: 1).CollectAsync();
        await worker.NextLaunchAsync();

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => Wait.For(collected, "the job"));

        Assert.Contains("has ended in the cluster", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RegisterAsync_GrainForgets_NamesAreSetAgainWithTheLease()
    {
        var context = Context(options => options.Lease = TimeSpan.FromSeconds(1));
        await context.RegisterAsync("colour", "red");
        Assert.Equal("colour", await Wait.For(_cluster.Application.Registered, "name"));

        _cluster.Application.Forget();

        Assert.Equal("colour", await Wait.For(_cluster.Application.Registered, "name that is set again"));
        Assert.Equal("red", await context.GetAsync("colour"));
    }

    [Fact]
    public async Task RegisterAsync_Names_AreReadBack()
    {
        var context = Context();

        await context.RegisterAsync("colour", "red");

        Assert.Equal("red", await context.GetAsync("colour"));
        Assert.Null(await context.GetAsync("size"));
        Assert.Equal("red", (await context.SnapshotAsync())["colour"]);
    }

    public async ValueTask DisposeAsync()
    {
        if (_context is not null)
        {
            await _context.DisposeAsync();
        }
    }

    private static IComparer<TaskAttemptId> ByText { get; } = Comparer<TaskAttemptId>.Create((a, b) => string.CompareOrdinal(a.ToString(), b.ToString()));

    private static async Task ReportNextAsync(FakeWorker worker, long element) =>
        worker.Report(Reports.Result((await worker.NextLaunchAsync()).Attempt, element));

    private static async Task AssertCollectedAsync<T>(T[] expected, Task<T[]> collected) => Assert.Equal(expected, await Wait.For(collected, "the job"));

    private DparkContext Context(Action<DparkClientOptions>? configure = null)
    {
        var options = new DparkClientOptions();
        options.Scheduler.LaunchBackoff = TimeSpan.FromMilliseconds(1);
        configure?.Invoke(options);
        return _context = new DparkContext(_cluster.Client, options, isLocal: true);
    }

    private sealed class RecordingListener : IJobListener
    {
        private readonly Lock _gate = new();
        private readonly List<string> _heard = [];

        public Exception? Failure { get; init; }

        public IReadOnlyList<string> Heard
        {
            get
            {
                lock (_gate)
                {
                    return [.. _heard];
                }
            }
        }

        public void OnJobStarted(JobStarted job) => Note($"started {job.CallSite.Operator}");

        public void OnWarning(JobId job, string text) => Note($"warning {text}");

        public void OnStageProgress(StageProgress progress) => Note($"progress {progress.DoneCount}/{progress.TotalCount}");

        public void OnJobEnded(JobSummary job) =>
            Note($"ended {job.Outcome}, {job.Metrics.TaskCount} tasks, {job.Metrics.InputRecords} records, {string.Join(' ', job.Warnings)}");

        private void Note(string text)
        {
            lock (_gate)
            {
                _heard.Add(text);
            }

            if (Failure is not null)
            {
                throw Failure;
            }
        }
    }
}
