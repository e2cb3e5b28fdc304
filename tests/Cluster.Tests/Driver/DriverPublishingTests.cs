using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Driver;

/// <summary>What a driver publishes for its tasks: programs, and lists of map outputs.</summary>
public sealed class DriverPublishingTests : DriverTest
{
    /// <summary>So long a list does not travel with launches.</summary>
    private const int TooManyBuckets = 4_000;

    [Fact]
    public async Task Report_MissingInput_ProgramIsPublishedAgain()
    {
        var worker = Cluster.AddWorker("w1");
        var collected = Context().Range(0, 1, sliceCount: 1).CollectAsync();
        var launch = await worker.NextLaunchAsync();
        Cluster.Published.Clear();

        worker.Report(Reports.Failed(launch.Attempt, "There is no such program.", TaskOutcome.MissingInput));

        var again = await worker.NextLaunchAsync();
        Assert.EndsWith($"program-{again.Program.Hash}", Assert.Single(Cluster.Published.Keys, IsProgram), StringComparison.Ordinal);
        worker.Report(Reports.Result(again.Attempt, 5L));
        await AssertCollectedAsync([5L], collected);
    }

    [Fact]
    public async Task Job_CallThatPublishesItsProgramIsLost_IsMadeAgain()
    {
        var worker = Cluster.AddWorker("w1");
        Cluster.PublishFaults = 2;

        var collected = LargeProgram(Context()).CollectAsync();

        await ReportNextAsync(worker, 5);
        await AssertCollectedAsync([5L], collected);
        Assert.Equal(3, Cluster.PublishCount);
    }

    [Fact]
    public async Task Job_SameRddAgain_LargeProgramIsPublishedOnce()
    {
        var worker = Cluster.AddWorker("w1");
        var numbers = LargeProgram(Context());

        for (var job = 0; job < 3; job++)
        {
            var collected = numbers.CollectAsync();
            await ReportNextAsync(worker, job);
            await AssertCollectedAsync([job], collected);
        }

        Assert.Equal(1, Cluster.PublishCount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Job_SmallProgram_IsNotPublished(bool areWorkersInThisProcess)
    {
        var worker = Cluster.AddWorker("w1");
        var collected = Context(isLocal: areWorkersInThisProcess).Range(0, 1, sliceCount: 1).CollectAsync();

        await ReportNextAsync(worker, 5);

        await AssertCollectedAsync([5L], collected);
        Assert.NotNull(Assert.Single(worker.Batches).Program);
        Assert.Equal(0, Cluster.PublishCount);
    }

    [Fact]
    public async Task Job_ProgramOfAnEarlierJob_TravelsToAWorkerThatJoinedSince()
    {
        var worker = Cluster.AddWorker("w1");
        var numbers = Context(isLocal: false).Range(0, 1, sliceCount: 1);
        var first = numbers.CollectAsync();
        await ReportNextAsync(worker, 5);
        await AssertCollectedAsync([5L], first);
        var another = Cluster.AddWorker("w2");
        Cluster.Master.Remove(worker.Info.Id);

        var second = numbers.CollectAsync();
        await ReportNextAsync(another, 6);

        await AssertCollectedAsync([6L], second);
        Assert.NotNull(Assert.Single(another.Batches).Program);
        Assert.DoesNotContain(Cluster.Published.Keys, IsProgram);
    }

    [Fact]
    public async Task Job_NewProgram_TravelsWithItsFirstLaunch()
    {
        var worker = Cluster.AddWorker("w1");
        var numbers = Context().Range(0, 1, sliceCount: 1);

        for (var job = 0; job < 2; job++)
        {
            var collected = numbers.CollectAsync();
            await ReportNextAsync(worker, job);
            await AssertCollectedAsync([job], collected);
        }

        TaskBatch[] batches = [.. worker.Batches];
        Assert.Equal(32, batches[0].Launches[0].Program.Hash.Length);
        Assert.Equal(batches[0].Launches[0].Program, batches[1].Launches[0].Program);
        Assert.Null(batches[1].Program);
    }

    [Fact]
    public async Task Job_SecondLaunchOnAWorker_IsSentWithoutTheProgram()
    {
        var worker = Cluster.AddWorker("w1", slotCount: 1);
        var collected = Context().Range(0, 2, sliceCount: 2).CollectAsync();

        await ReportNextAsync(worker, 0);
        await ReportNextAsync(worker, 1);

        await AssertCollectedAsync([0L, 1L], collected);
        Assert.Equal([true, false], worker.Batches.Select(batch => batch.Program is not null));
    }

    [Fact]
    public async Task Job_LargeProgram_IsFetchedByItsWorkers()
    {
        var worker = Cluster.AddWorker("w1");
        var collected = LargeProgram(Context()).CollectAsync();

        await ReportNextAsync(worker, 5);

        await AssertCollectedAsync([5L], collected);
        Assert.Null(Assert.Single(worker.Batches).Program);
        Assert.Equal(1, Cluster.PublishCount);
    }

    [Fact]
    public async Task Shuffle_RegistryIsSlow_ReducersAreSentTheList()
    {
        var worker = Cluster.AddWorker("w1");
        var gate = new TaskCompletionSource();
        Cluster.Registry.Gate = gate.Task;
        var collected = Context(WaitingNowhere).Parallelize([("a", 1L)], sliceCount: 1).ReduceByKey((a, b) => a + b, 1).CollectAsync();
        var map = await worker.NextLaunchAsync();
        worker.Report(Reports.MapOutput(map.Attempt, worker.Info.Id, 10));

        var launch = await worker.NextLaunchAsync();

        Assert.Empty(Cluster.Registry.Registrations);
        var list = Assert.Single(worker.Batches.Last().Inputs);
        Assert.Equal((1, true), (list.MapCount, list.IsLast));
        Assert.InRange(list.Epoch, launch.MapOutputEpoch, long.MaxValue);
        Assert.Equal((worker.Info.Id, "127.0.0.1:1"), (Assert.Single(list.Outputs).Output.Worker, list.Outputs[0].Endpoint));
        worker.Report(Reports.Result(launch.Attempt, ("a", 1L)));
        await AssertCollectedAsync([("a", 1L)], collected);
        gate.SetResult();
    }

    [Fact]
    public async Task Shuffle_OneWorker_ReducersAreLaunchedBehindTheMapsAndWaitForThem()
    {
        var worker = Cluster.AddWorker("w1");
        var collected = Context().Parallelize([("a", 1L)], sliceCount: 1).ReduceByKey((a, b) => a + b, 1).CollectAsync();
        var map = await worker.NextLaunchAsync();

        var launch = await worker.NextLaunchAsync();

        Assert.Equal((new Tasks.AwaitedOutputs(map.Makes!.Value, 1), null), (launch.Awaits, launch.Makes));
        Assert.Empty(worker.Batches.Last().Inputs);
        worker.Report(Reports.MapOutput(map.Attempt, worker.Info.Id, [1L]));
        worker.Report(Reports.Result(launch.Attempt, ("a", 1L)));
        await AssertCollectedAsync([("a", 1L)], collected);
    }

    [Fact]
    public async Task Shuffle_RegistryIsSlowAndTheListLarge_ReducersAreLaunchedAfterIt()
    {
        var worker = Cluster.AddWorker("w1");
        var gate = new TaskCompletionSource();
        Cluster.Registry.Gate = gate.Task;
        var collected = Context(WaitingNowhere).Parallelize([("a", 1L)], sliceCount: 1).ReduceByKey((a, b) => a + b, 1).CollectAsync();
        var map = await worker.NextLaunchAsync();
        worker.Report(Reports.MapOutput(map.Attempt, worker.Info.Id, new long[TooManyBuckets]));
        var reduce = worker.NextLaunchAsync().AsTask();
        Assert.False(reduce.IsCompleted);

        gate.SetResult();

        var launch = await reduce;
        var registration = Assert.Single(Cluster.Registry.Registrations);
        Assert.Equal(("127.0.0.1:1", true), (Assert.Single(registration.Outputs).Endpoint, registration.IsLast));
        worker.Report(Reports.Result(launch.Attempt, ("a", 1L)));
        await AssertCollectedAsync([("a", 1L)], collected);
    }

    [Fact]
    public async Task Shuffle_RegistryStartsOverWithTheLossOfAWorker_ReducersAreLaunchedWhenItIsFull()
    {
        var worker = Cluster.AddWorker("w1");
        var lost = Cluster.AddWorker("w2", slotCount: 0);
        var sums = Context(WaitingNowhere).Parallelize([("a", 1L)], sliceCount: 1).ReduceByKey((a, b) => a + b, 1);
        var collected = sums.CollectAsync();
        var map = await worker.NextLaunchAsync();
        worker.Report(Reports.MapOutput(map.Attempt, worker.Info.Id, new long[TooManyBuckets]));
        worker.Report(Reports.Result((await worker.NextLaunchAsync()).Attempt, ("a", 1L)));
        await AssertCollectedAsync([("a", 1L)], collected);
        await Wait.For(Cluster.Registry.Arrivals, "registration");
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Cluster.Registry.Gate = gate.Task;
        Cluster.Registry.Generation = Guid.NewGuid();

        Cluster.Master.Remove(lost.Info.Id);
        var again = await Wait.For(Cluster.Registry.Arrivals, "registration with the new activation");
        var registered = new List<int>();
        worker.OnLaunch = _ =>
        {
            registered.Add(Cluster.Registry.Registrations.Count);
            return Task.FromResult<Tasks.TaskAttemptId[]>([]);
        };
        var second = sums.CollectAsync();
        gate.SetResult();
        worker.Report(Reports.Result((await worker.NextLaunchAsync()).Attempt, ("a", 1L)));

        await AssertCollectedAsync([("a", 1L)], second);
        Assert.Equal(map.Attempt.PartitionIndex, Assert.Single(again.Outputs).Output.MapIndex);
        Assert.Equal([2], registered);
    }

    [Fact]
    public async Task Shuffle_ListIsLarge_IsRegisteredInSeveralMessages()
    {
        var worker = Cluster.AddWorker("w1", slotCount: 8);
        var collected = Context(WaitingNowhere).Parallelize(Enumerable.Range(0, 8).Select(i => (i, 1L)), sliceCount: 8).ReduceByKey((a, b) => a + b, 20_000);
        var job = collected.TakeAsync(1);
        for (var map = 0; map < 8; map++)
        {
            var launch = await worker.NextLaunchAsync();
            worker.Report(Reports.MapOutput(launch.Attempt, worker.Info.Id, new long[20_000]));
        }

        var reduce = await worker.NextLaunchAsync();
        worker.Report(Reports.Result(reduce.Attempt, (3, 1L)));

        await AssertCollectedAsync([(3, 1L)], job);
        Assert.All(Cluster.Registry.Registrations, registration => Assert.InRange(registration.Outputs.Length, 0, 1));
        Assert.Equal(8, Cluster.Registry.Registrations.SelectMany(registration => registration.Outputs).DistinctBy(output => output.Output.MapIndex).Count());
    }

    // Too large to travel with a launch.
    private static Rdd<long> LargeProgram(DparkContext context)
    {
        var captured = new string('x', 20 << 10);
        return context.Range(0, 1, sliceCount: 1).Map(number => number + captured.Length);
    }

    private static bool IsProgram(string key) => key.Contains("program-", StringComparison.Ordinal);

    // Reducers are launched when the map outputs are there.
    private static void WaitingNowhere(DparkClientOptions options) => options.Scheduler.PrefetchPerSlot = 0;
}
