namespace Dpark.Tasks;

/// <summary>What the executor reports when the process is about to end though nobody has stopped the worker.</summary>
public sealed class ExecutorExitTests
{
    private const string Cause = "Environment.Exit(3) was called";

    [Fact]
    public async Task EndProcess_CalledByATask_BlamesItAndGivesTheOthersBack()
    {
        IReadOnlyList<TaskAttemptId> blamed = [];
        using var isOver = new ManualResetEventSlim();
        using var areRunning = new Barrier(2);
        await using var rig = new ExecutorRig();
        rig.With("waits", (_, _) =>
        {
            areRunning.SignalAndWait();
            isOver.Wait();
            return ExecutorRig.Empty;
        }).With("exits", (_, _) =>
        {
            areRunning.SignalAndWait();
            rig.Start("waits", partition: 2);
            blamed = rig.Executor.EndProcess(Cause);
            isOver.Set();
            return ExecutorRig.Empty;
        });

        rig.Start("waits", partition: 0);
        rig.Start("exits", partition: 1);
        var reports = new[] { await rig.NextAsync(), await rig.NextAsync(), await rig.NextAsync() }.ToDictionary(report => report.Attempt.PartitionIndex);

        Assert.Equal([1], blamed.Select(attempt => attempt.PartitionIndex));
        Assert.Equal((TaskOutcome.Failed, true), (reports[1].Outcome, reports[1].Failure!.IsFinal));
        Assert.Equal("Environment.Exit(3) was called by this task. A task must not end its process: throw an exception instead.", reports[1].Failure!.Message);
        Assert.All([reports[0], reports[2]], report =>
        {
            Assert.Equal(TaskOutcome.Cancelled, report.Outcome);
            Assert.Equal($"{blamed[0]} ends the process of its worker: Environment.Exit(3) was called.", report.Failure!.Message);
        });
    }

    [Fact]
    public async Task EndProcess_CalledElsewhere_BlamesTheOnlyTask()
    {
        using var isRunning = new ManualResetEventSlim();
        using var isOver = new ManualResetEventSlim();
        await using var rig = new ExecutorRig().With("waits", (_, _) => Wait(isRunning.Set, isOver));
        rig.Start("waits");
        isRunning.Wait();

        Assert.Single(rig.Executor.EndProcess(Cause));
        isOver.Set();

        Assert.StartsWith("Environment.Exit(3) was called while this task, and no other, ran on its worker.", (await rig.NextAsync()).Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndProcess_CalledElsewhereAndSeveralRun_BlamesNone()
    {
        using var areRunning = new CountdownEvent(2);
        using var isOver = new ManualResetEventSlim();
        await using var rig = new ExecutorRig().With("waits", (_, _) => Wait(() => areRunning.Signal(), isOver));
        rig.Start("waits", partition: 0);
        rig.Start("waits", partition: 1);
        areRunning.Wait();

        Assert.Equal(2, rig.Executor.EndProcess(Cause).Count);
        Assert.False(await rig.HasReportAsync());
        isOver.Set();

        Assert.Equal([TaskOutcome.Succeeded, TaskOutcome.Succeeded], [(await rig.NextAsync()).Outcome, (await rig.NextAsync()).Outcome]);
    }

    private static ResultOutput Wait(Action begin, ManualResetEventSlim isOver)
    {
        begin();
        isOver.Wait();
        return ExecutorRig.Empty;
    }
}
