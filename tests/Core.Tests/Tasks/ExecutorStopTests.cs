using Dpark.TestKit;

namespace Dpark.Tasks;

/// <summary>How attempts are cancelled, with their application and with the worker too, and what becomes of slots whose attempts do not stop.</summary>
public sealed class ExecutorStopTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Cancel_RunningAttempt_ReportsCancelledAndFreesTheSlot()
    {
        using var started = new ManualResetEventSlim();
        await using var rig = new ExecutorRig(new() { SlotCount = 1 })
            .With("waits", (_, context) =>
            {
                started.Set();
                context.CancellationToken.WaitHandle.WaitOne(Limit);
                context.CancellationToken.ThrowIfCancellationRequested();
                return ExecutorRig.Empty;
            })
            .With("next", (_, _) => ExecutorRig.Empty);
        rig.Start("waits", partition: 0);
        rig.Start("next", partition: 1);
        Assert.True(started.Wait(Limit));

        Assert.True(rig.Executor.Cancel(Reports.Application, [Reports.Attempt(0), Reports.Attempt(99)]));

        var cancelled = await rig.NextAsync();
        Assert.Equal((0, TaskOutcome.Cancelled), (cancelled.Attempt.PartitionIndex, cancelled.Outcome));
        Assert.Equal((1, TaskOutcome.Succeeded), await rig.NextAsync() is var next ? (next.Attempt.PartitionIndex, next.Outcome) : default);
    }

    [Fact]
    public async Task Cancel_QueuedAttempt_ReportsAtOnceAndNeverRuns()
    {
        using var gate = new ManualResetEventSlim();
        var hasRun = false;
        await using var rig = new ExecutorRig(new() { SlotCount = 1 })
            .With("holds the slot", (_, _) =>
            {
                gate.Wait();
                return ExecutorRig.Empty;
            })
            .With("queued", (_, _) =>
            {
                hasRun = true;
                return ExecutorRig.Empty;
            });
        rig.Start("holds the slot", partition: 0);
        rig.Start("queued", partition: 1);

        rig.Executor.Cancel(Reports.Application, [Reports.Attempt(1)]);

        var cancelled = await rig.NextAsync();
        Assert.Equal((1, TaskOutcome.Cancelled), (cancelled.Attempt.PartitionIndex, cancelled.Outcome));
        gate.Set();
        Assert.Equal(0, (await rig.NextAsync()).Attempt.PartitionIndex);
        await rig.Executor.StopAsync(CancellationToken.None);
        Assert.False(hasRun);
    }

    [Fact]
    public async Task Cancel_AttemptIgnoresItsToken_IsReportedAsStuckUntilItEnds()
    {
        var clock = new ManualTimeProvider();
        var logger = new RecordingLogger<Executor>();
        using var started = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        await using var rig = new ExecutorRig(new() { SlotCount = 2, SpareSlotCount = 0, CancelLimit = TimeSpan.FromSeconds(10) }, clock, logger).With("deaf", (_, _) =>
        {
            started.Set();
            gate.Wait();
            return ExecutorRig.Empty;
        });
        rig.Start("deaf");
        Assert.True(started.Wait(Limit));

        rig.Executor.Cancel(Reports.Application, [Reports.Attempt(0)]);
        clock.Advance(TimeSpan.FromSeconds(9));
        var before = rig.Executor.Status.StuckCount;
        clock.Advance(TimeSpan.FromSeconds(1));
        var after = rig.Executor.Status;
        var report = await rig.NextAsync();
        var usable = rig.Executor.UsableSlotCount;
        gate.Set();
        await rig.Executor.StopAsync(CancellationToken.None);

        Assert.Equal(0, before);
        Assert.Equal((1, 1), (after.StuckCount, after.RunningCount));
        Assert.Equal((TaskOutcome.Cancelled, true, 1), (report.Outcome, report.StillRuns, usable));
        Assert.False(await rig.HasReportAsync());
        Assert.Contains(logger.Lines, line => line.Contains("app-1/stage-0.0/0.0 was cancelled", StringComparison.Ordinal));
        Assert.Equal(0, rig.Executor.Status.StuckCount);
    }

    [Fact]
    public async Task Cancel_AttemptNeverStops_AnotherThreadTakesItsSlotUntilItEnds()
    {
        using var started = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        await using var rig = new ExecutorRig(new() { SlotCount = 1, SpareSlotCount = 1, CancelLimit = TimeSpan.Zero })
            .With("deaf", (_, _) =>
            {
                started.Set();
                gate.Wait();
                return ExecutorRig.Empty;
            })
            .With("p", (_, _) => ExecutorRig.Empty);
        rig.Start("deaf");
        rig.Start("p", partition: 1);
        Assert.True(started.Wait(Limit));

        rig.Executor.Cancel(Reports.Application, [Reports.Attempt(0)]);
        var first = await rig.NextAsync();
        var second = await rig.NextAsync();
        Assert.Equal((0, true), (first.Attempt.PartitionIndex, first.StillRuns));
        Assert.Equal((1, TaskOutcome.Succeeded), (second.Attempt.PartitionIndex, second.Outcome));
        Assert.Equal(1, rig.Executor.UsableSlotCount);

        gate.Set();
        rig.Start("p", partition: 2);
        Assert.Equal(2, (await rig.NextAsync()).Attempt.PartitionIndex);
        Assert.True(await rig.Executor.StopAsync(CancellationToken.None));
        Assert.Equal((0, 0), (rig.Executor.Status.StuckCount, rig.Executor.Status.RunningCount));
    }

    [Fact]
    public async Task Cancel_NoSlotIsLeft_GivesBackWhatWaitsAndRefusesMore()
    {
        using var started = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        await using var rig = new ExecutorRig(new() { SlotCount = 1, SpareSlotCount = 0, CancelLimit = TimeSpan.Zero }).With("deaf", (_, _) =>
        {
            started.Set();
            gate.Wait();
            return ExecutorRig.Empty;
        });
        rig.Start("deaf");
        rig.Start("deaf", partition: 1);
        Assert.True(started.Wait(Limit));

        rig.Executor.Cancel(Reports.Application, [Reports.Attempt(0)]);
        Assert.True((await rig.NextAsync()).StillRuns);
        var waiting = await rig.NextAsync();

        Assert.Equal((1, TaskOutcome.Cancelled, false), (waiting.Attempt.PartitionIndex, waiting.Outcome, waiting.StillRuns));
        Assert.Contains("does not stop", waiting.Failure!.Message, StringComparison.Ordinal);
        Assert.False(rig.Start("deaf", partition: 2));
        gate.Set();
    }

    [Fact]
    public async Task EndApplication_AttemptsRun_CancelsThemAndReportsNothingMore()
    {
        using var started = new ManualResetEventSlim();
        using var stopped = new ManualResetEventSlim();
        await using var rig = new ExecutorRig(new() { SlotCount = 1 })
            .With("waits", (_, context) =>
            {
                started.Set();
                context.CancellationToken.WaitHandle.WaitOne(Limit);
                stopped.Set();
                return ExecutorRig.Empty;
            })
            .With("p", (_, _) => ExecutorRig.Empty);
        rig.Start("waits", partition: 0);
        rig.Start("p", partition: 1);
        Assert.True(started.Wait(Limit));

        await rig.Executor.EndApplicationAsync(Reports.Application).WaitAsync(Limit);

        Assert.True(stopped.IsSet);
        Assert.False(rig.Start("p", partition: 2));
        rig.Start("p", application: "app-2");
        await rig.NextAsync("app-2");
        Assert.False(await rig.HasReportAsync());
    }

    [Fact]
    public async Task StopAsync_AttemptsRunAndWait_CancelsAllAndEndsTheThreads()
    {
        using var started = new ManualResetEventSlim();
        await using var rig = new ExecutorRig(new() { SlotCount = 1 }).With("waits", (_, context) =>
        {
            started.Set();
            context.CancellationToken.WaitHandle.WaitOne(Limit);
            context.CancellationToken.ThrowIfCancellationRequested();
            return ExecutorRig.Empty;
        });
        rig.Start("waits", partition: 0);
        rig.Start("waits", partition: 1);
        Assert.True(started.Wait(Limit));

        Assert.True(await rig.Executor.StopAsync(CancellationToken.None));

        Assert.Equal(TaskOutcome.Cancelled, (await rig.NextAsync()).Outcome);
        Assert.Equal(TaskOutcome.Cancelled, (await rig.NextAsync()).Outcome);
        Assert.False(rig.Start("waits", partition: 2));
        Assert.Equal(new(1, 0, 0, 0), rig.Executor.Status);
    }

    [Fact]
    public async Task StopAsync_AttemptIgnoresItsToken_GivesUpAtTheLimit()
    {
        var clock = new ManualTimeProvider();
        using var started = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        var rig = new ExecutorRig(new() { SlotCount = 1, StopLimit = TimeSpan.FromSeconds(5) }, clock).With("deaf", (_, _) =>
        {
            started.Set();
            gate.Wait();
            return ExecutorRig.Empty;
        });
        rig.Start("deaf");
        Assert.True(started.Wait(Limit));

        var stop = rig.Executor.StopAsync(CancellationToken.None);
        Assert.False(stop.IsCompleted);
        clock.Advance(TimeSpan.FromSeconds(10));

        Assert.False(await stop);
        gate.Set();
    }
}
