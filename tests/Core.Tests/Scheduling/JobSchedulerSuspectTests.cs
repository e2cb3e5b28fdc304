using Dpark.Workers;
using static Dpark.Scheduling.SchedulerRig;

namespace Dpark.Scheduling;

/// <summary>Tasks under which workers have died: launched last, apart from each other, and kept from the last worker.</summary>
public sealed class JobSchedulerSuspectTests
{
    private static readonly WorkerId StandIn = new("stand-in");

    private readonly SchedulerRig _rig = new();

    [Fact]
    public void Suspect_OtherTasksArePending_IsLaunchedAfterThem()
    {
        var final = Final(0, 4);
        _rig.Join(A, 1).Join(B, 1).Submit(0, final);
        Assert.Equal(A, _rig.WorkerOf(_rig.RunningOf(final, 0)));

        _rig.Lose(A);
        var order = new List<int>();
        while (_rig.Running.Any())
        {
            var attempt = _rig.Running.First();
            order.Add(attempt.PartitionIndex);
            _rig.Succeed(attempt);
        }

        Assert.Equal([1, 2, 3, 0], order);
        Assert.Single(_rig.All<CompleteJob>());
    }

    [Fact]
    public void Suspects_AnotherWorkerHasASlot_DoNotShareTheEmptiest()
    {
        var final = Final(0, 6);
        _rig.Join(A, 2).Join(B, 4).Join(C, 4).Submit(0, final);
        Assert.Equal([A, B, C, B, C, A], Enumerable.Range(0, 6).Select(partition => _rig.WorkerOf(_rig.RunningOf(final, partition))));
        _rig.Succeed(_rig.RunningOf(final, 1), _rig.RunningOf(final, 3));

        _rig.Lose(A);

        Assert.Equal([B, C], new[] { 0, 5 }.Select(partition => _rig.WorkerOf(_rig.RunningOf(final, partition))).OrderBy(worker => worker.Value, StringComparer.Ordinal));
        _rig.SucceedAll();
        Assert.Single(_rig.All<CompleteJob>());
    }

    [Fact]
    public void Suspects_NoOtherWorkerHasASlot_ShareOne()
    {
        var final = Final(0, 2);
        _rig.Join(A, 2).Submit(0, final).Join(B, 2);

        _rig.Lose(A);

        Assert.Equal([B, B], _rig.Running.Select(_rig.WorkerOf));
    }

    [Fact]
    public void WorkerLost_TwiceUnderATaskAndOneIsLeft_RunsItOnAStandInOnly()
    {
        var (final, last) = LoseTwo();

        Assert.Equal(last, Assert.Single(_rig.All<StartStandIn>()).Worker);
        Assert.Empty(_rig.Running);
        Assert.Contains("was running on 2 workers when they died. It is tried in a process of its own", Assert.Single(_rig.All<Notice>()).Text, StringComparison.Ordinal);

        _rig.Tell(new WorkerJoined(StandIn, "host", 1) { IsStandIn = true });
        Assert.Equal(StandIn, _rig.WorkerOf(_rig.RunningOf(final, 0)));

        // It is not there for others.
        var other = Final(1, 2);
        _rig.Submit(1, other);
        Assert.Equal([last], _rig.Running.Where(id => id.StageId == 1).Select(_rig.WorkerOf));
        _rig.SucceedAll().SucceedAll();
        Assert.Equal(2, _rig.All<CompleteJob>().Count());
        Assert.Empty(_rig.All<FailJob>());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void StandInLost_UnderItsTask_FailsTheJobAndLeavesTheLastWorker()
    {
        var (_, last) = LoseTwo();
        _rig.Tell(new WorkerJoined(StandIn, "host", 1) { IsStandIn = true });

        _rig.Lose(StandIn);

        var reason = Assert.Single(_rig.All<FailJob>()).Reason;
        Assert.Contains(
            "was running on 3 workers when they died, the last of them a process that was started for it alone (Dpark:Scheduler:SpareLastWorker). Its code may be what kills them",
            reason,
            StringComparison.Ordinal);
        Assert.EndsWith("The last attempt, app-1/stage-0.0/0.2: It did not answer.", reason, StringComparison.Ordinal);
        _rig.Submit(1, Final(1, 1));
        Assert.Equal([last], _rig.Running.Select(_rig.WorkerOf));
    }

    [Fact]
    public void StandInRefused_ATaskWaitsForIt_FailsTheJobWithTheReason()
    {
        var (_, last) = LoseTwo();

        _rig.Tell(new StandInRefused(last, "It cannot."));

        Assert.Contains(
            "was running on 2 workers when they died, and the last one that is left is spared (Dpark:Scheduler:SpareLastWorker), but no process of its own could be started for it: It cannot. Its code",
            Assert.Single(_rig.All<FailJob>()).Reason,
            StringComparison.Ordinal);
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void StandInAskedFor_AnotherWorkerJoinsBefore_RunsTheTask()
    {
        var (final, last) = LoseTwo();

        _rig.Join(new("worker-d"), 1).Tell(new StandInRefused(last, "It cannot."));
        Assert.Single(_rig.Running, id => id.StageId == final.StageId);
        _rig.SucceedAll();

        Assert.Single(_rig.All<CompleteJob>());
        Assert.Empty(_rig.All<FailJob>());
    }

    [Fact]
    public void StandInAskedFor_LastWorkerIsLost_IsAskedOfTheNextOne()
    {
        var (_, last) = LoseTwo();
        _rig.Lose(last);

        _rig.Join(new("worker-d"), 1);

        Assert.Equal([last, new WorkerId("worker-d")], _rig.All<StartStandIn>().Select(start => start.Worker));
    }

    [Fact]
    public void StandInAskedFor_NeverJoins_SaysWhatItWaitsForAndFailsAtTheLimit()
    {
        LoseTwo();

        _rig.Advance(TimeSpan.FromSeconds(15));

        Assert.Contains(
            "was running on 2 workers when they died. It waits for another worker, or for the process that the last one was asked to start for it.",
            Assert.Single(_rig.All<JobWaiting>()).Reason,
            StringComparison.Ordinal);
        for (var i = 0; i < 60; i++)
        {
            _rig.Advance(TimeSpan.FromSeconds(15));
        }

        Assert.Single(_rig.All<FailJob>());
        _rig.Scheduler.AssertNoState();
    }

    /// <summary>Loses two of three workers under the only task of a job.</summary>
    private (StageInfo Final, WorkerId Last) LoseTwo()
    {
        var final = Final(0, 1);
        _rig.Join(A, 1).Join(B, 1).Join(C, 1).Submit(0, final);
        List<WorkerId> left = [A, B, C];
        for (var i = 0; i < 2; i++)
        {
            var lost = _rig.WorkerOf(_rig.RunningOf(final, 0));
            left.Remove(lost);
            _rig.Lose(lost);
        }

        return (final, Assert.Single(left));
    }
}
