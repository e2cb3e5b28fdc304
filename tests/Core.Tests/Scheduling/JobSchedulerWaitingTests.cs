using Dpark.Tasks;
using static Dpark.Scheduling.SchedulerRig;

namespace Dpark.Scheduling;

/// <summary>What the user is told while jobs run or wait.</summary>
public sealed class JobSchedulerWaitingTests
{
    private readonly SchedulerRig _rig = new();

    [Fact]
    public void Tick_NoWorkers_SaysSoAfterFifteenSecondsAndAgain()
    {
        _rig.Submit(0, Final(0, 1));
        Assert.Equal(TimeSpan.FromSeconds(15), _rig.All<WakeAt>().Last().Delay);

        _rig.Advance(TimeSpan.FromSeconds(14.9));
        Assert.Empty(_rig.All<JobWaiting>());
        _rig.Advance(TimeSpan.FromSeconds(0.1));

        var waiting = Assert.Single(_rig.All<JobWaiting>());
        Assert.StartsWith("No worker has joined.", waiting.Reason, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(15), waiting.Since);
        _rig.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(TimeSpan.FromSeconds(30), _rig.All<JobWaiting>().Last().Since);
    }

    [Fact]
    public void Tick_LastWorkerWasLost_SaysWhy()
    {
        _rig.Join(A, 1).Submit(0, Final(0, 1)).Lose(A).Advance(TimeSpan.FromSeconds(15));

        Assert.Contains("worker-a was lost: It did not answer.", Assert.Single(_rig.All<JobWaiting>()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Tick_SlotsAreTakenByAnOlderJob_SaysSo()
    {
        _rig.Join(A, 2).Submit(0, Final(0, 2)).Submit(1, Final(1, 1)).Advance(TimeSpan.FromSeconds(15));

        var waiting = Assert.Single(_rig.All<JobWaiting>());
        Assert.Equal(new JobId(1), waiting.Job);
        Assert.StartsWith("All 2 slots of 1 workers", waiting.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Tick_WorkersHaveNoSlots_SaysSo()
    {
        _rig.Join(A, 0).Submit(0, Final(0, 1)).Advance(TimeSpan.FromSeconds(15));

        Assert.StartsWith("None of 1 workers has slots.", Assert.Single(_rig.All<JobWaiting>()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Tick_ProgramIsNotStored_SaysSo()
    {
        _rig.StoresPrograms = false;
        _rig.Join(A, 1).Submit(0, Final(3, 1)).Advance(TimeSpan.FromSeconds(15));

        Assert.StartsWith("The program of stage-3", Assert.Single(_rig.All<JobWaiting>()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Tick_WorkersDoNotTakeTasks_SaysWhy()
    {
        var rig = new SchedulerRig(new() { LaunchBackoff = TimeSpan.FromSeconds(20), MaxLaunchBackoff = TimeSpan.FromSeconds(20) });
        rig.Join(A, 1).Submit(0, Final(0, 1)).Tell(new LaunchFailed(A, [rig.Running.Single()], "The port is closed.")).Advance(TimeSpan.FromSeconds(15));

        Assert.Contains("The port is closed.", Assert.Single(rig.All<JobWaiting>()).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Tick_TasksRunOrTheCallerIsSlow_SaysNothing()
    {
        _rig.Join(A, 4).Submit(0, Final(0, 1)).Submit(1, Final(1, 4), maxConcurrent: 1);
        _rig.Succeed(_rig.RunningOf(Final(1, 4), 0));

        _rig.Advance(TimeSpan.FromMinutes(1));

        Assert.Empty(_rig.All<JobWaiting>());
    }

    [Fact]
    public void Tick_EarlierThanAsked_AsksForTheRest()
    {
        _rig.Submit(0, Final(0, 1)).Advance(TimeSpan.FromSeconds(14.999));

        Assert.Equal(TimeSpan.FromMilliseconds(1), _rig.All<WakeAt>().Last().Delay);
    }

    [Fact]
    public void Decide_ManyShortJobs_AsksForFewWakeUps()
    {
        _rig.Join(A, 1);
        for (var i = 0; i < 200; i++)
        {
            _rig.Submit(i, Final(i, 1)).SucceedAll();
        }

        Assert.True(_rig.All<WakeAt>().Count() <= 2);
        Assert.Equal(200, _rig.All<CompleteJob>().Count());
    }

    [Fact]
    public void Decide_StageRuns_ReportsProgressAtIntervalsAndAtItsEnd()
    {
        _rig.Join(A, 2).Submit(0, Final(0, 4)).Succeed(_rig.Running.First());
        Assert.Empty(_rig.All<StageProgress>());

        _rig.Advance(TimeSpan.FromMilliseconds(100));
        var first = Assert.Single(_rig.All<StageProgress>());
        Assert.Equal((1, 2, 0, 4, false), (first.DoneCount, first.RunningCount, first.FailedCount, first.TotalCount, first.IsEnded));
        _rig.SucceedAll().SucceedAll();

        var last = _rig.All<StageProgress>().Last();
        Assert.Equal((4, 0, 0, 4, true), (last.DoneCount, last.RunningCount, last.FailedCount, last.TotalCount, last.IsEnded));
        Assert.Equal(2, _rig.All<StageProgress>().Count());
    }

    [Fact]
    public void Decide_MapStageIsRepaired_CountsOnlyWhatIsComputed()
    {
        var final = Final(1, 1, Map(0, 5));
        _rig.Join(A, 5).Submit(0, final).SucceedAll();

        _rig.FailFetch(_rig.Running.Single(), ShuffleOf(0), 2, A).SucceedAll();

        var last = _rig.All<StageProgress>().Last(p => p.Stage.StageId == 0);
        Assert.Equal((1, 1), (last.DoneCount, last.TotalCount));
    }

    [Fact]
    public void AssertNoState_JobRuns_Throws()
    {
        _rig.Submit(0, Final(0, 1));

        Assert.Throws<InvalidOperationException>(_rig.Scheduler.AssertNoState);
    }

    [Fact]
    public void Apply_TaskReportedForNothing_IsIgnored()
    {
        _rig.Join(A, 1);

        _rig.Tell(new TaskReported(A, new(new(Application, 5, 0, 0, 0), TaskOutcome.Succeeded, [], null, 0, null, null, new(), [])));
        _rig.Tell(new JobCancelled(new(9)), new ResultTaken(new(9), 0), new StageReady(9), new WorkerLost(B, "Unknown."), new ShuffleUnneeded(ShuffleOf(9)));

        Assert.Empty(_rig.Actions);
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Tick_WorkerIsSilent_SaysSoThoughItsTasksRun()
    {
        _rig.Join(A, 1).Join(B, 1).Submit(0, Final(0, 1));
        var silent = _rig.WorkerOf(_rig.Running.Single());
        _rig.Tell(new WorkerSilent(silent, "No answer for 10 s.")).Advance(TimeSpan.FromSeconds(15));

        var waiting = Assert.Single(_rig.All<JobWaiting>());
        Assert.StartsWith($"1 of 2 workers do not answer, with 1 of its tasks; the first one, {silent}: No answer for 10 s.", waiting.Reason, StringComparison.Ordinal);
        _rig.Tell(new WorkerHeard(silent)).Advance(TimeSpan.FromMinutes(20));
        Assert.Single(_rig.All<JobWaiting>());
    }

    [Fact]
    public void Tick_NoWorkerForTheLimit_FailsTheJobWithTheReason()
    {
        _rig.Submit(0, Final(0, 1));
        for (var i = 0; i < 39; i++)
        {
            _rig.Advance(TimeSpan.FromSeconds(15));
        }

        Assert.Empty(_rig.All<FailJob>());
        _rig.Advance(TimeSpan.FromSeconds(15));

        var failed = Assert.Single(_rig.All<FailJob>());
        Assert.StartsWith(
            "It has waited for 00:10:00 without progress, longer than the limit (Dpark:Scheduler:WaitingLimit). No worker has joined.", failed.Reason, StringComparison.Ordinal);
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Tick_OtherJobHasAllSlotsForLongerThanTheLimit_GoesOnWaiting()
    {
        _rig.Join(A, 1).Submit(0, Final(0, 1)).Submit(1, Final(1, 1));
        for (var i = 0; i < 50; i++)
        {
            _rig.Advance(TimeSpan.FromSeconds(15));
        }

        Assert.Empty(_rig.All<FailJob>());
        _rig.SucceedAll().SucceedAll();
        Assert.Equal(2, _rig.All<CompleteJob>().Count());
    }

    [Fact]
    public void Tick_LimitIsZero_WaitsForEver()
    {
        var rig = new SchedulerRig(new() { WaitingLimit = TimeSpan.Zero });
        rig.Submit(0, Final(0, 1)).Advance(TimeSpan.FromDays(3));

        Assert.Empty(rig.All<FailJob>());
        Assert.Single(rig.All<JobWaiting>());
    }
}
