using System.Globalization;
using Dpark.Configuration;
using Dpark.Shuffle;
using Dpark.TestKit;

namespace Dpark.Tasks;

/// <summary>What the executor takes, how it runs it, and what it reports.</summary>
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
    public async Task TryStart_MemoryIsShort_OnlySmallResultsAreReportedInline()
    {
        await using var rig = new ExecutorRig(memoryBytes: 1 << 20)
            .With("small", (_, _) => new ResultOutput(new byte[4 << 10], 1))
            .With("large", (_, _) => new ResultOutput(new byte[(4 << 10) + 1], 1));
        rig.Start("large", partition: 0);
        Assert.NotNull((await rig.NextAsync()).Result);
        using var other = rig.Memory.Open(Reports.Attempt(9));
        other.Claim("a table").HoldAnyway(1 << 20);

        rig.Start("small", partition: 1);
        Assert.NotNull((await rig.NextAsync()).Result);
        rig.Start("large", partition: 2);
        Assert.NotNull((await rig.NextAsync()).ResultBlock);
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
}
