using Dpark.Shuffle;
using Dpark.Workers;

namespace Dpark.Tasks;

/// <summary>What the executor reports of attempts that fail.</summary>
public sealed class ExecutorFailureTests
{
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

    private sealed class HostileException : Exception
    {
        public override string Message => throw new NotImplementedException();

        public override string StackTrace => throw new NotImplementedException();
    }
}
