using System.Globalization;
using Dpark.Configuration;
using Dpark.Shuffle;
using Dpark.TestKit;
using Dpark.Workers;

namespace Dpark.Tasks;

public sealed class ExecutorTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task TryStart_ProgramReturnsResult_ReportsItInline()
    {
        await using var rig = new ExecutorRig().With("p", (_, _) => new ResultOutput(new byte[] { 1, 2, 3 }, 3));

        Assert.True(rig.Start("p", partition: 4));

        var report = await rig.NextAsync();
        Assert.Equal(Reports.Attempt(4), report.Attempt);
        Assert.Equal(TaskOutcome.Succeeded, report.Outcome);
        Assert.Equal([1, 2, 3], report.Result);
        Assert.Equal(3, report.ResultRecordCount);
        Assert.Null(report.ResultBlock);
    }

    [Fact]
    public async Task TryStart_ResultOverTheLimit_IsStoredAndReportedByLocation()
    {
        var options = new ExecutorOptions { SlotCount = 1, MaxInlineResultBytes = 10 };
        await using var rig = new ExecutorRig(options)
            .With("fits", (_, _) => new ResultOutput(new byte[10], 1))
            .With("does not", (_, _) => new ResultOutput(new byte[11], 1));

        rig.Start("fits", partition: 0);
        rig.Start("does not", partition: 1);

        Assert.Equal(10, (await rig.NextAsync()).Result!.Length);
        var large = await rig.NextAsync();
        Assert.Null(large.Result);
        Assert.Equal(11, large.ResultBlock!.Length);
        Assert.Equal([Reports.Attempt(1)], rig.StoredResults);
    }

    [Fact]
    public async Task TryStart_ResultIsPartOfAnArray_ReportsThatPartOnly()
    {
        await using var rig = new ExecutorRig().With("p", (_, _) => new ResultOutput(new byte[] { 9, 1, 2, 9 }.AsMemory(1, 2), 2));

        rig.Start("p");

        Assert.Equal([1, 2], (await rig.NextAsync()).Result);
    }

    [Fact]
    public async Task TryStart_MapTask_ReportsItsOutput()
    {
        var output = new MapOutput(3, new("worker-1"), 0, [10L, 0L], 7);
        await using var rig = new ExecutorRig().With("p", (_, _) => new ShuffleMapOutput(output));

        rig.Start("p");

        var report = await rig.NextAsync();
        Assert.Same(output, report.MapOutput);
        Assert.Null(report.Result);
    }

    [Fact]
    public async Task TryStart_SameAttemptTwice_RunsOnce()
    {
        using var gate = new ManualResetEventSlim();
        await using var rig = new ExecutorRig().With("p", (_, _) =>
        {
            gate.Wait();
            return ExecutorRig.Empty;
        });

        var whileNew = rig.Start("p");
        var whileRunning = rig.Start("p");
        gate.Set();
        await rig.NextAsync();
        var whenEnded = rig.Start("p");
        rig.Start("p", attempt: 1);

        Assert.True(whileNew && whileRunning && whenEnded);
        Assert.Equal(1, (await rig.NextAsync()).Attempt.Attempt);
        Assert.False(await rig.HasReportAsync());
        Assert.Equal(2, rig.CopyCount);
    }

    [Fact]
    public async Task TryStart_OlderEpoch_IsRefused()
    {
        await using var rig = new ExecutorRig().With("p", (_, _) => ExecutorRig.Empty);
        rig.Start("p", partition: 0, epoch: 5);

        Assert.False(rig.Start("p", partition: 1, epoch: 4));
        Assert.False(rig.Executor.Cancel(Reports.Application, [], applicationEpoch: 4));

        Assert.True(rig.Start("p", partition: 1, epoch: 6));
        Assert.True(rig.Start("p", partition: 0, epoch: 0, application: "app-2"));
    }

    [Fact]
    public async Task TryStart_Running_IsOnANamedThreadOfItsOwnWithContext()
    {
        (string? Name, bool IsPool, TaskContext? Current, TaskContext? Given, CultureInfo? Culture) seen = default;
        await using var rig = new ExecutorRig(new() { SlotCount = 1 }).With("p", (_, context) =>
        {
            seen = (Thread.CurrentThread.Name, Thread.CurrentThread.IsThreadPoolThread, TaskContext.Current, context, CultureInfo.CurrentCulture);
            CultureInfo.CurrentCulture = new CultureInfo("tr-TR", false);
            return ExecutorRig.Empty;
        });

        rig.Start("p", partition: 0);
        await rig.NextAsync();
        rig.Start("p", partition: 1);
        await rig.NextAsync();

        Assert.Equal("dpark-slot-0", seen.Name);
        Assert.False(seen.IsPool);
        Assert.Same(seen.Given, seen.Current);
        Assert.Equal(Reports.Attempt(1), seen.Given!.Attempt);
        Assert.NotEqual("tr-TR", seen.Culture!.Name);
    }

    [Fact]
    public async Task TryStart_DeepRecursion_FitsTheStack()
    {
        await using var rig = new ExecutorRig().With("p", (_, _) =>
        {
            Assert.Equal(20_000, Recurse(20_000));
            return ExecutorRig.Empty;
        });

        rig.Start("p");

        Assert.Equal(TaskOutcome.Succeeded, (await rig.NextAsync()).Outcome);

        // About 200 bytes a call: far more than the 1.5 MB of a thread of the pool.
        static int Recurse(int depth)
        {
            Span<byte> ballast = stackalloc byte[200];
            ballast[depth % 200] = 1;
            return depth == 0 ? 0 : Recurse(depth - 1) + ballast[depth % 200];
        }
    }

    [Fact]
    public async Task TryStart_MoreThanSlots_RunsSlotsAtOnceAndReportsTheWait()
    {
        var clock = new ManualTimeProvider();
        using var started = new CountdownEvent(2);
        using var gate = new ManualResetEventSlim();
        await using var rig = new ExecutorRig(new() { SlotCount = 2 }, clock).With("p", (_, _) =>
        {
            if (!started.IsSet)
            {
                started.Signal();
            }

            gate.Wait();
            return ExecutorRig.Empty;
        });

        for (var i = 0; i < 3; i++)
        {
            rig.Start("p", partition: i);
        }

        Assert.True(started.Wait(Limit));
        Assert.Equal(new(SlotCount: 2, RunningCount: 2, QueuedCount: 1, StuckCount: 0), rig.Executor.Status);
        clock.Advance(TimeSpan.FromSeconds(3));
        gate.Set();
        TaskReport[] reports = [await rig.NextAsync(), await rig.NextAsync(), await rig.NextAsync()];
        var queued = reports.Single(r => r.Attempt.PartitionIndex == 2);
        Assert.Equal(TimeSpan.FromSeconds(3), queued.Metrics.WaitTime);
        Assert.Equal(TimeSpan.FromSeconds(3), reports.Single(r => r.Attempt.PartitionIndex == 0).Metrics.RunTime);
    }

    [Fact]
    public async Task Run_UserCodeThrows_ReportsTheWholeChainAndTheEncodedException()
    {
        await using var rig = new ExecutorRig { Encode = e => [(byte)e.Message.Length] }
            .With("p", (_, context) =>
            {
                context.Warnings.Add("odd input");
                throw new InvalidOperationException("outer", new FormatException("inner"));
            });

        rig.Start("p");

        var report = await rig.NextAsync();
        Assert.Equal(TaskOutcome.Failed, report.Outcome);
        Assert.Equal(("System.InvalidOperationException", "outer"), (report.Failure!.ExceptionType, report.Failure.Message));
        Assert.Equal(("System.FormatException", "inner"), (report.Failure.Inner!.ExceptionType, report.Failure.Inner.Message));
        Assert.Contains(nameof(Run_UserCodeThrows_ReportsTheWholeChainAndTheEncodedException), report.Failure.StackTrace, StringComparison.Ordinal);
        Assert.Equal([5], report.Failure.Exception);
        Assert.Equal(["odd input"], report.Warnings);
    }

    [Fact]
    public async Task Run_ExceptionDefeatsDescription_IsReportedAllTheSame()
    {
        await using var rig = new ExecutorRig { Encode = _ => throw new NotSupportedException() }.With("p", (_, _) => throw new HostileException());

        rig.Start("p");

        var failure = (await rig.NextAsync()).Failure!;
        Assert.Contains(nameof(HostileException), failure.ExceptionType, StringComparison.Ordinal);
        Assert.Contains("System.NotImplementedException", failure.Message, StringComparison.Ordinal);
        Assert.Null(failure.Exception);
    }

    [Fact]
    public async Task Run_EndlessExceptionChainAndHugeMessage_AreBounded()
    {
        await using var rig = new ExecutorRig().With("p", (_, _) =>
        {
            Exception e = new InvalidOperationException(new string('x', 1 << 20));
            for (var i = 0; i < 100; i++)
            {
                e = new InvalidOperationException("level", e);
            }

            throw e;
        });

        rig.Start("p");

        var depth = 0;
        for (var failure = (await rig.NextAsync()).Failure; failure is not null; failure = failure.Inner)
        {
            depth++;
            Assert.True(failure.Message.Length <= TaskFailures.MaxText + 3);
        }

        Assert.Equal(TaskFailures.MaxChain, depth);
    }

    [Fact]
    public async Task Run_FetchFailsWithinUserCode_IsReportedAsFetchFailure()
    {
        var shuffle = new ShuffleId(Reports.Application, 7);
        await using var rig = new ExecutorRig().With("p", (_, _) =>
            throw new AggregateException(new FetchFailedException(shuffle, 3, new("worker-2"), "The connection was closed.")));

        rig.Start("p");

        var report = await rig.NextAsync();
        Assert.Equal(TaskOutcome.FetchFailed, report.Outcome);
        Assert.Equal((shuffle, 3, new WorkerId("worker-2")), (report.Failure!.Shuffle, report.Failure.MapIndex, report.Failure.Worker));
    }

    [Fact]
    public async Task Run_ProgramIsMissing_IsReportedAsMissingInput()
    {
        await using var rig = new ExecutorRig();

        rig.Start("nobody has this");

        var report = await rig.NextAsync();
        Assert.Equal(TaskOutcome.MissingInput, report.Outcome);
        Assert.Contains("program nobody has", report.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_ForeignCancellation_IsAFailure()
    {
        await using var rig = new ExecutorRig().With("p", (_, _) => throw new OperationCanceledException("a timeout of the user's own"));

        rig.Start("p");

        Assert.Equal(TaskOutcome.Failed, (await rig.NextAsync()).Outcome);
    }

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

    [Fact]
    public async Task TryStart_MoreAttemptsThanAreRemembered_ForgetsTheOldest()
    {
        await using var rig = new ExecutorRig(new() { SlotCount = 1, RememberedAttempts = 2 }).With("p", (_, _) => ExecutorRig.Empty);
        for (var i = 0; i < 3; i++)
        {
            rig.Start("p", partition: i);
            await rig.NextAsync();
        }

        // The slot notes the end of an attempt when it asks for the next one.
        rig.Start("p", partition: 3);
        await rig.NextAsync();
        rig.Start("p", partition: 0);

        Assert.Equal(0, (await rig.NextAsync()).Attempt.PartitionIndex);
    }

    private sealed class HostileException : Exception
    {
        public override string Message => throw new NotImplementedException();

        public override string StackTrace => throw new NotImplementedException();
    }
}
