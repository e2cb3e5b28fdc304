using static Dpark.Scheduling.SchedulerRig;

namespace Dpark.Scheduling;

/// <summary>Stages whose tasks may give other records when they run again.</summary>
public sealed class JobSchedulerRollbackTests
{
    private readonly SchedulerRig _rig = new();

    [Fact]
    public void WorkerLost_OutputWasReadAndNothingIsDone_RunsTheWholeStageAgain()
    {
        var map = Unsure(0, 2);
        _rig.Join(A, 1).Join(B, 1).Submit(0, Final(1, 2, map)).SucceedAll();
        Assert.Equal([1, 1], _rig.Running.Select(id => id.StageId));

        _rig.Lose(A);

        Assert.Equal([(0, 0)], _rig.Running.Select(id => (id.StageId, id.PartitionIndex)));
        Assert.Single(_rig.All<CancelTasks>(), cancel => cancel.Worker == B);
        _rig.SucceedAll();
        Assert.Equal([(0, 1)], _rig.Running.Select(id => (id.StageId, id.PartitionIndex)));
        _rig.SucceedAll().SucceedAll().SucceedAll();
        Assert.Single(_rig.All<CompleteJob>());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void WorkerLost_OutputOfADeterministicStage_RunsOnlyWhatIsLost()
    {
        _rig.Join(A, 1).Join(B, 1).Submit(0, Final(1, 2, Map(0, 2))).SucceedAll();

        _rig.Lose(A);

        // The reader on the other worker goes on.
        Assert.Equal([1], _rig.Running.Select(id => id.StageId));
        Assert.Empty(_rig.All<CancelTasks>());
    }

    [Fact]
    public void WorkerLost_OutputWasNotReadYet_RunsOnlyWhatIsLost()
    {
        var map = Unsure(0, 3);
        _rig.Join(A, 2).Join(B, 1).Submit(0, Final(1, 2, map)).Succeed([.. _rig.Running.Where(id => _rig.WorkerOf(id) == A)]);

        _rig.Lose(B).SucceedAll();

        Assert.Empty(_rig.All<Notice>());
        Assert.Equal(3, _rig.All<AcceptReport>().Count());
    }

    [Fact]
    public void FetchFails_ReadersBetweenHaveOutputs_TheyRunAgainAsAWhole()
    {
        var first = Unsure(0, 2);
        var second = Unsure(1, 2, first);
        var final = Final(2, 1, second);
        _rig.Join(A, 1).Join(B, 1).Submit(0, final).SucceedAll();
        var half = _rig.RunningOf(second, 0);
        var other = _rig.RunningOf(second, 1);
        _rig.Succeed(half);

        _rig.FailFetch(other, ShuffleOf(0), map: 0, _rig.All<RegisterMapOutputs>().SelectMany(r => r.Outputs).First(o => o.MapIndex == 0).Worker);

        Assert.Equal([0, 0], _rig.Running.Select(id => id.StageId));
        _rig.SucceedAll();
        Assert.Equal([(1, 0), (1, 1)], _rig.Running.Select(id => (id.StageId, id.PartitionIndex)));
        _rig.SucceedAll().SucceedAll();
        Assert.Single(_rig.All<CompleteJob>());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void WorkerLost_ResultsWereGivenToTheCaller_FailsTheJobAndSaysWhatToDo()
    {
        var map = Unsure(0, 2);
        _rig.Join(A, 1).Join(B, 1).Submit(0, Final(1, 3, map)).SucceedAll();
        var one = _rig.Running.First(id => _rig.WorkerOf(id) == B);
        _rig.Succeed(one);

        _rig.Lose(A);

        var failed = Assert.Single(_rig.All<FailJob>());
        Assert.StartsWith("A part of the output of stage-0", failed.Reason, StringComparison.Ordinal);
        Assert.Contains("after 1 results of the job had been computed from it", failed.Reason, StringComparison.Ordinal);
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void WorkerLost_ShuffleOfAnEarlierJobWasMadeFromIt_IsMadeAgainToo()
    {
        var first = Unsure(0, 2);
        var second = Unsure(1, 1, first);
        _rig.Join(A, 1).Join(B, 2).Submit(0, Final(2, 1, second));
        while (_rig.Running.Any())
        {
            _rig.SucceedAll();
        }

        _rig.Lose(A).Submit(1, Final(3, 1, first, second));
        while (_rig.Running.Any())
        {
            _rig.SucceedAll();
        }

        Assert.Equal([0, 0, 1, 2, 0, 0, 1, 3], _rig.All<AcceptReport>().Select(accept => accept.Stage.StageId));
        _rig.Scheduler.AssertNoState();
    }

    private static StageInfo Unsure(int stageId, int mapCount, params StageInfo[] parents) => new(stageId, mapCount, ShuffleOf(stageId), parents) { IsIndeterminate = true };
}
