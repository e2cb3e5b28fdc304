using Dpark.Tasks;
using static Dpark.Scheduling.SchedulerRig;

namespace Dpark.Scheduling;

/// <summary>What the scheduler does when tasks fail, workers are lost, and messages come late.</summary>
public sealed class JobSchedulerFaultTests
{
    private readonly SchedulerRig _rig = new();

    [Fact]
    public void TaskFails_OtherWorkerIsThere_RunsThereNext()
    {
        var final = Final(0, 1);
        _rig.Join(A, 4).Join(B, 4).Submit(0, final);
        var first = _rig.RunningOf(final, 0);
        var failedOn = _rig.WorkerOf(first);

        _rig.Fail(first);

        var second = _rig.RunningOf(final, 0);
        Assert.Equal(1, second.Attempt);
        Assert.NotEqual(failedOn, _rig.WorkerOf(second));
    }

    [Fact]
    public void TaskFails_OtherWorkerIsBusy_WaitsForItButNotForEver()
    {
        _rig.Join(A, 1).Submit(0, Final(0, 1)).Join(B, 1).Submit(1, Final(1, 1));

        _rig.Fail(_rig.Running.First());
        Assert.Equal([1], _rig.Running.Select(id => id.StageId));
        _rig.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Single(_rig.Running);
        _rig.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal([0, 1], _rig.Running.Select(id => id.StageId));
    }

    [Fact]
    public void TaskFails_AsOftenAsTheLimit_FailsTheJobWithTheLastFailure()
    {
        _rig.Join(A, 1).Submit(0, Final(0, 2));
        for (var i = 0; i < 3; i++)
        {
            _rig.Fail(_rig.RunningOf(Final(0, 2), 0), $"failure {i}");
        }

        Assert.Empty(_rig.All<FailJob>());
        var last = _rig.RunningOf(Final(0, 2), 0);
        _rig.Fail(last, "failure 3");

        var failed = Assert.Single(_rig.All<FailJob>());
        Assert.Equal("failure 3", failed.Failure!.Message);
        Assert.Equal((last, A, 0), (failed.Attempt!.Value, failed.Worker!.Value, failed.Stage!.StageId));
        Assert.Contains("failed 4 times", failed.Reason, StringComparison.Ordinal);
        Assert.Empty(_rig.Running);
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void TaskFails_StageOfTwoJobs_FailsBoth()
    {
        var rig = new SchedulerRig(new() { MaxTaskFailures = 1 });
        rig.Join(A, 1).Submit(0, Final(10, 1, Map(0, 1))).Submit(1, Final(11, 1, Map(0, 1))).Submit(2, Final(12, 1));

        rig.Fail(rig.Running.First());

        Assert.Equal([new JobId(0), new JobId(1)], rig.All<FailJob>().Select(f => f.Job));
        Assert.Equal([12], rig.Running.Select(id => id.StageId));
    }

    [Fact]
    public void TaskSucceeds_WithoutAMapOutput_CountsAsFailure()
    {
        _rig.Join(A, 1).Submit(0, Final(1, 1, Map(0, 1)));

        _rig.End(_rig.Running.First(), TaskOutcome.Succeeded, null);

        Assert.Equal(1, Assert.Single(_rig.Running).Attempt);
        Assert.Empty(_rig.All<RegisterMapOutputs>());
    }

    [Fact]
    public void TaskReported_Twice_CountsOnce()
    {
        _rig.Join(A, 1).Submit(0, Final(0, 2));
        var report = new TaskReported(A, _rig.Success(_rig.Running.First()));

        _rig.Tell(report, report, report);

        Assert.Single(_rig.All<DeliverResult>());
        Assert.Equal([1], _rig.Running.Select(id => id.PartitionIndex));
    }

    [Fact]
    public void TaskReported_FromAnotherWorkerThanItsOwn_IsIgnored()
    {
        _rig.Join(A, 1).Join(B, 1).Submit(0, Final(0, 1));
        var attempt = _rig.Running.Single();
        var other = _rig.WorkerOf(attempt) == A ? B : A;

        _rig.Tell(new TaskReported(other, _rig.Success(attempt)));

        Assert.Empty(_rig.All<DeliverResult>());
    }

    [Fact]
    public void WorkerLost_TasksRunThere_RunElsewhereWithoutCountingAsFailures()
    {
        var rig = new SchedulerRig(new() { MaxTaskFailures = 1, PrefetchPerSlot = 0 });
        rig.Join(A, 2).Submit(0, Final(0, 2)).Join(B, 2);

        rig.Lose(A);

        Assert.Equal([B, B], rig.Running.Select(rig.WorkerOf));
        rig.SucceedAll();
        Assert.Single(rig.All<CompleteJob>());
    }

    [Fact]
    public void WorkerLost_ItsReportComesLate_IsIgnored()
    {
        _rig.Join(A, 1).Submit(0, Final(1, 1, Map(0, 1))).Join(B, 1);
        var late = new TaskReported(A, _rig.Success(_rig.Running.Single()));

        _rig.Lose(A).Tell(late);

        Assert.Empty(_rig.All<AcceptReport>());
        Assert.Empty(_rig.All<RegisterMapOutputs>());
        Assert.Equal(B, _rig.WorkerOf(_rig.Running.Single()));
    }

    [Fact]
    public void WorkerLost_HeldMapOutputs_OnlyThoseAreComputedAgain()
    {
        var (map, final) = (Map(0, 4), Final(1, 4));
        final = new(1, 4, null, [map]);
        _rig.Join(A, 2).Join(B, 2).Submit(0, final);
        var lost = _rig.Running.Where(id => _rig.WorkerOf(id) == A).Select(id => id.PartitionIndex).ToArray();
        _rig.SucceedAll().Succeed(_rig.RunningOf(final, 0));

        _rig.Lose(A);

        Assert.Equal(1, _rig.Scheduler.Epoch);
        Assert.Equal(A, Assert.Single(_rig.All<ForgetWorkerOutputs>()).Worker);
        _rig.SucceedAll();
        while (_rig.Running.Any())
        {
            _rig.SucceedAll();
        }

        Assert.Equal(lost, _rig.All<AcceptReport>().Where(a => a.Stage == map).Skip(4).Select(a => a.Report.Attempt.PartitionIndex).Order());
        Assert.Equal(4, _rig.All<DeliverResult>().Count());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void WorkerLost_NoTaskWaitsForItsOutputs_ComputesNothingAgain()
    {
        _rig.Join(A, 1).Submit(0, Final(1, 1, Map(0, 1))).SucceedAll().Join(B, 1).Lose(A);

        // The reducer ran on the lost worker, so it must wait now.
        Assert.Equal([0], _rig.Running.Select(id => id.StageId));
        _rig.SucceedAll().Join(C, 1).Lose(C);
        Assert.Equal([1], _rig.Running.Select(id => id.StageId));
    }

    [Fact]
    public void WorkerLost_ReducersAreAllRunningElsewhere_LeavesThemAlone()
    {
        var final = new StageInfo(1, 1, null, [Map(0, 1)]) { PreferredLocations = _ => [B.Value] };
        _rig.Join(A, 1).Submit(0, final);
        _rig.Join(B, 1).SucceedAll();
        Assert.Equal(B, _rig.WorkerOf(_rig.Running.Single()));

        _rig.Lose(A);

        Assert.Equal([1], _rig.Running.Select(id => id.StageId));
        _rig.SucceedAll();
        Assert.Single(_rig.All<CompleteJob>());
    }

    [Fact]
    public void WorkerLost_AfterTheJob_LaterJobComputesWhatIsMissing()
    {
        var map = Map(0, 2);
        _rig.Join(A, 1).Join(B, 1).Submit(0, Final(1, 1, map)).SucceedAll().SucceedAll();
        _rig.Lose(A);

        _rig.Submit(1, Final(2, 1, map));

        var again = Assert.Single(_rig.Running);
        Assert.Equal((0, 1, 1), (again.StageId, again.StageAttempt, again.Attempt));
        _rig.SucceedAll();
        Assert.Equal(1, _rig.AssignmentOf(_rig.Running.Single()).MapOutputEpoch);
    }

    [Fact]
    public void WorkerJoined_SameNameAfterLoss_StartsWithNothing()
    {
        _rig.Join(A, 1).Submit(0, Final(1, 1, Map(0, 1))).SucceedAll().SucceedAll().Lose(A).Join(A, 1);

        _rig.Submit(1, Final(2, 1, Map(0, 1)));

        Assert.Equal([0], _rig.Running.Select(id => id.StageId));
    }

    [Fact]
    public void WorkerJoined_FewerSlots_LetsTasksEndAndLaunchesLess()
    {
        _rig.Join(A, 3).Submit(0, Final(0, 6)).Join(A, 1);
        Assert.Equal(3, _rig.Running.Count());

        _rig.Succeed([.. _rig.Running.Take(2)]);
        Assert.Single(_rig.Running);
        _rig.SucceedAll();

        Assert.Single(_rig.Running);
    }

    [Fact]
    public void RegistryLost_OutputsAreKnown_RegistersAllOfThemAgain()
    {
        _rig.Join(A, 2).Submit(0, Final(2, 1, Map(0, 2), Map(1, 1))).SucceedAll().SucceedAll();
        _rig.Actions.Clear();

        _rig.Tell(new RegistryLost());

        Assert.Equal([2, 1], _rig.All<RegisterMapOutputs>().Select(r => r.Outputs.Count));
        Assert.All(_rig.All<RegisterMapOutputs>(), r => Assert.True(r.IsComplete));
    }

    [Fact]
    public void MissingInput_ManyTasksMissTheProgram_IsStoredAgainOnceThenAllRun()
    {
        _rig.Join(A, 3).Submit(0, Final(0, 3));
        _rig.StoresPrograms = false;

        foreach (var attempt in _rig.Running.ToArray())
        {
            _rig.End(attempt, TaskOutcome.MissingInput, Failure());
        }

        Assert.Equal([false, true], _rig.All<StartStage>().Select(s => s.Again));
        Assert.Empty(_rig.Running);
        _rig.Tell(new StageReady(0));
        Assert.Equal([1, 1, 1], _rig.Running.Select(id => id.Attempt));
    }

    [Fact]
    public void MissingInput_StoredAgainInVain_FailsTheJob()
    {
        _rig.Join(A, 1).Submit(0, Final(0, 1));
        for (var i = 0; i < 4; i++)
        {
            _rig.End(_rig.Running.Single(), TaskOutcome.MissingInput, Failure("no program"));
        }

        var failed = Assert.Single(_rig.All<FailJob>());
        Assert.Contains("stored again 3 times", failed.Reason, StringComparison.Ordinal);
        Assert.Equal(4, _rig.All<StartStage>().Count());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void LaunchFailed_OutcomeUnknown_LaunchesANewAttemptElsewhereAndCancelsTheOld()
    {
        _rig.Join(A, 1).Submit(0, Final(0, 1)).Join(B, 1);
        var doubtful = _rig.Running.Single();

        _rig.Tell(new LaunchFailed(A, [doubtful], "The call timed out."));

        Assert.Equal([doubtful], Assert.Single(_rig.All<CancelTasks>()).Attempts);
        var second = _rig.Running.Single();
        Assert.Equal((1, B), (second.Attempt, _rig.WorkerOf(second)));
    }

    [Fact]
    public void LaunchFailed_OldAttemptSucceedsAfterAll_CountsAndTheNewOneIsCancelled()
    {
        _rig.Join(A, 1).Submit(0, Final(1, 1, Map(0, 1))).Join(B, 1);
        var doubtful = _rig.Running.Single();
        var success = new TaskReported(A, _rig.Success(doubtful));
        _rig.Tell(new LaunchFailed(A, [doubtful], "The call timed out."));
        var second = _rig.Running.Single();
        var twin = new TaskReported(B, _rig.Success(second));

        _rig.Tell(success).Tell(twin);

        Assert.Equal(A, Assert.Single(Assert.Single(_rig.All<RegisterMapOutputs>()).Outputs).Worker);
        Assert.Contains(_rig.All<CancelTasks>(), c => c.Worker == B && c.Attempts.Contains(second));
        _rig.SucceedAll();
        Assert.Single(_rig.All<CompleteJob>());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void LaunchFailed_OnlyWorker_IsTriedAgainAfterAGrowingPause()
    {
        _rig.Join(A, 1).Submit(0, Final(0, 1));
        foreach (var pause in (int[])[100, 200, 400])
        {
            _rig.Tell(new LaunchFailed(A, [_rig.Running.Single()], "The connection was refused."));
            Assert.Empty(_rig.Running);
            _rig.Advance(TimeSpan.FromMilliseconds(pause - 1));
            Assert.Empty(_rig.Running);
            _rig.Advance(TimeSpan.FromMilliseconds(1));
            Assert.Single(_rig.Running);
        }
    }

    [Fact]
    public void LaunchFailed_AsOftenAsTheLimit_FailsTheJobWithTheReason()
    {
        var rig = new SchedulerRig(new() { MaxLaunchFailures = 2 });
        rig.Join(A, 1).Submit(0, Final(0, 1));
        rig.Tell(new LaunchFailed(A, [rig.Running.Single()], "The connection was refused.")).Advance(TimeSpan.FromSeconds(1));

        rig.Tell(new LaunchFailed(A, [rig.Running.Single()], "The connection was refused."));

        Assert.Contains("The connection was refused.", Assert.Single(rig.All<FailJob>()).Reason, StringComparison.Ordinal);
        rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void TaskCancelled_NotByTheDriver_RunsElsewhere()
    {
        var rig = new SchedulerRig(new() { MaxTaskFailures = 1, PrefetchPerSlot = 0 });
        rig.Join(A, 1).Submit(0, Final(0, 1)).Join(B, 1);

        rig.End(rig.Running.Single(), TaskOutcome.Cancelled, Failure("the worker stops"));

        Assert.Equal(B, rig.WorkerOf(rig.Running.Single()));
    }

    [Fact]
    public void WorkerLost_MapRunsAgain_WhatItAddsToAccumulatorsHasCounted()
    {
        var final = Final(1, 1, Map(0, 2));
        _rig.Join(A, 1).Join(B, 1).Submit(0, final).SucceedAll();

        _rig.Lose(A).SucceedAll().SucceedAll();

        Assert.Equal([true, true, false, true], _rig.All<AcceptReport>().Select(accept => accept.IsFirst));
        Assert.Single(_rig.All<CompleteJob>());
    }

    [Fact]
    public void TaskReported_AttemptOfAnEndedJobStillRuns_IsSaid()
    {
        _rig.Join(A, 1).Submit(0, Final(0, 1));
        var attempt = _rig.Running.Single();
        _rig.Tell(new JobCancelled(new(0)));

        _rig.Tell(new TaskReported(A, new(attempt, TaskOutcome.Cancelled, null, null, 0, null, Failure("It still runs."), new(), []) { StillRuns = true }));

        var still = Assert.Single(_rig.All<TaskStillRuns>());
        Assert.Equal((attempt, A, "It still runs."), (still.Attempt, still.Worker, still.Reason));
        Assert.Empty(still.Jobs);
    }
}
