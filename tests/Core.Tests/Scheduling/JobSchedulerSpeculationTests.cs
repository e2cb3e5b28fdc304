using Dpark.Tasks;
using static Dpark.Scheduling.SchedulerRig;

namespace Dpark.Scheduling;

/// <summary>Second attempts of tasks that last too long.</summary>
public sealed class JobSchedulerSpeculationTests
{
    private readonly SchedulerRig _rig = new(new() { PrefetchPerSlot = 0, Speculation = true, SpareLastWorker = false });
    private readonly StageInfo _final = Final(0, 10);

    [Fact]
    public void Tick_OneTaskIsLate_StartsItOnAnotherWorkerAndTakesTheFirstResult()
    {
        var late = RunAllButOne();
        var first = _rig.WorkerOf(late);
        Assert.Single(_rig.Running);

        _rig.Advance(TimeSpan.FromMilliseconds(200));
        var twin = _rig.Running.Single(id => id != late);
        Assert.NotEqual(first, _rig.WorkerOf(twin));
        _rig.Succeed(twin);

        Assert.Equal([late], _rig.All<CancelTasks>().SelectMany(cancel => cancel.Attempts));
        Assert.Equal(10, _rig.All<AcceptReport>().Count());
        Assert.Single(_rig.All<CompleteJob>());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void TaskReported_BothAttemptsSucceed_OneCounts()
    {
        var late = RunAllButOne();
        _rig.Advance(TimeSpan.FromMilliseconds(200));
        TaskReported[] both = [.. _rig.Running.Select(id => new TaskReported(_rig.WorkerOf(id), _rig.Success(id)))];

        _rig.Tell([.. both, .. both]);

        Assert.Equal(2, both.Length);
        Assert.Single(_rig.All<DeliverResult>(), deliver => deliver.Report.Attempt.PartitionIndex == late.PartitionIndex);
    }

    [Fact]
    public void TaskReported_CancelledAttemptKeptItsResultAsABlock_ItIsDiscarded()
    {
        var late = RunAllButOne();
        var report = _rig.Success(late) with { Result = null, ResultBlock = new(new(Application, "result"), _rig.WorkerOf(late), "127.0.0.1:1", 1 << 20) };
        var worker = _rig.WorkerOf(late);
        _rig.Advance(TimeSpan.FromMilliseconds(200)).Succeed(_rig.Running.Single(id => id != late));

        _rig.Tell(new TaskReported(worker, report));

        Assert.Equal(late, Assert.Single(_rig.All<DiscardResult>()).Report.Attempt);
    }

    [Fact]
    public void TaskReported_AcceptedResultComesTwice_ItIsKept()
    {
        var late = RunAllButOne();
        var report = _rig.Success(late) with { Result = null, ResultBlock = new(new(Application, "result"), _rig.WorkerOf(late), "127.0.0.1:1", 1 << 20) };
        var told = new TaskReported(_rig.WorkerOf(late), report);

        _rig.Tell(told, told);

        Assert.Empty(_rig.All<DiscardResult>());
    }

    [Fact]
    public void Tick_TooFewTasksAreDone_StartsNone()
    {
        _rig.Join(A, 5).Join(B, 5).Submit(0, _final).Succeed([.. _rig.Running.Take(8)]);

        _rig.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(2, _rig.Running.Count());
    }

    [Fact]
    public void Tick_NotLongerThanTheLeastTime_StartsNone()
    {
        RunAllButOne();

        _rig.Advance(TimeSpan.FromMilliseconds(100));

        Assert.Single(_rig.Running);
    }

    [Fact]
    public void Tick_OnlyItsOwnWorkerHasSlots_StartsNoneThere()
    {
        _rig.Join(A, 10).Submit(0, _final).Succeed([.. _rig.Running.Take(9)]);

        _rig.Advance(TimeSpan.FromMinutes(1));
        Assert.Single(_rig.Running);
        _rig.Join(B, 1);

        Assert.Equal([A, B], _rig.Running.Select(_rig.WorkerOf));
    }

    [Fact]
    public void Tick_StillLate_StartsNoThird()
    {
        RunAllButOne();

        _rig.Advance(TimeSpan.FromMinutes(1)).Advance(TimeSpan.FromMinutes(1)).Join(C, 5);

        Assert.Equal(2, _rig.Running.Count());
    }

    [Fact]
    public void TaskFails_OneOfTwoAttempts_OtherGoesOn()
    {
        var late = RunAllButOne();
        _rig.Advance(TimeSpan.FromMilliseconds(200));

        _rig.Fail(late);
        var twin = Assert.Single(_rig.Running);
        _rig.Succeed(twin);

        Assert.Single(_rig.All<CompleteJob>());
    }

    [Fact]
    public void WorkerLost_BothAttemptsRanThereOneAfterTheOther_TaskRunsAgain()
    {
        RunAllButOne();
        _rig.Advance(TimeSpan.FromMilliseconds(200)).Lose(A);
        Assert.Single(_rig.Running);

        _rig.Lose(B).Join(C, 1).SucceedAll();

        Assert.Single(_rig.All<CompleteJob>());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Tick_NotSwitchedOn_StartsNone()
    {
        var rig = new SchedulerRig();
        rig.Join(A, 5).Join(B, 5).Submit(0, _final).Succeed([.. rig.Running.Take(9)]);

        rig.Advance(TimeSpan.FromHours(1));

        Assert.Single(rig.Running);
    }

    private TaskAttemptId RunAllButOne()
    {
        _rig.Join(A, 5).Join(B, 5).Submit(0, _final).Succeed([.. _rig.Running.Take(9)]);
        return _rig.Running.Single();
    }
}
