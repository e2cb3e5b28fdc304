using Dpark.Workers;
using static Dpark.Scheduling.SchedulerRig;

namespace Dpark.Scheduling;

/// <summary>What the scheduler does when map outputs cannot be read.</summary>
public sealed class JobSchedulerFetchFailureTests
{
    private readonly SchedulerRig _rig = new();

    [Fact]
    public void FetchFails_OneMapIsLost_RunsAgainWhileOtherReducersGoOn()
    {
        var map = Map(0, 2);
        var final = Final(1, 2, map);
        _rig.Join(A, 4).Submit(0, final).SucceedAll();
        var other = _rig.RunningOf(final, 1);

        _rig.FailFetch(_rig.RunningOf(final, 0), ShuffleOf(0), 1, A);

        Assert.Equal([1], Assert.Single(_rig.All<ForgetMapOutputs>()).MapIndexes);
        Assert.Equal([(0, 1, 1, 1), (1, 0, 1, 0)], _rig.Running.Select(id => (id.StageId, id.StageAttempt, id.PartitionIndex, id.Attempt)));
        _rig.Succeed(other);
        _rig.SucceedAll();

        var again = Assert.Single(_rig.Running);
        Assert.Equal((1, 1, 0, 1), (again.StageId, again.StageAttempt, again.PartitionIndex, again.Attempt));
        Assert.Equal(1, _rig.AssignmentOf(again).MapOutputEpoch);
        _rig.SucceedAll();
        Assert.Single(_rig.All<CompleteJob>());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void FetchFails_ManyReducersOnOneLostMap_RepairsOnce()
    {
        var final = Final(1, 8, Map(0, 1));
        _rig.Join(A, 8).Submit(0, final).SucceedAll();

        foreach (var reducer in _rig.Running.ToArray())
        {
            _rig.FailFetch(reducer, ShuffleOf(0), 0, A);
        }

        Assert.Single(_rig.All<ForgetMapOutputs>());
        _rig.SucceedAll();
        Assert.All(_rig.Running, id => Assert.Equal((1, 1), (id.StageAttempt, id.Attempt)));
        _rig.SucceedAll();
        Assert.Single(_rig.All<CompleteJob>());
    }

    [Fact]
    public void FetchFails_SecondTimeOnOneWorker_ForgetsAllItHolds()
    {
        var final = Final(1, 1, Map(0, 5));
        _rig.Join(A, 8).Submit(0, final).SucceedAll();

        _rig.FailFetch(_rig.Running.Single(), ShuffleOf(0), 3, A).SucceedAll();
        _rig.FailFetch(_rig.Running.Single(), ShuffleOf(0), 4, A);

        Assert.Equal([3], _rig.All<ForgetMapOutputs>().First().MapIndexes);
        Assert.Equal([0, 1, 2, 3, 4], _rig.All<ForgetMapOutputs>().Last().MapIndexes);
    }

    [Fact]
    public void FetchFails_TooOftenInARow_FailsTheJob()
    {
        var final = Final(1, 1, Map(0, 1));
        _rig.Join(A, 8).Submit(0, final).SucceedAll();
        for (var i = 0; i < 3; i++)
        {
            _rig.FailFetch(_rig.Running.Single(), ShuffleOf(0), 0, A).SucceedAll();
        }

        Assert.Empty(_rig.All<FailJob>());
        _rig.FailFetch(_rig.Running.Single(), ShuffleOf(0), 0, A);

        Assert.Contains("4 times in a row", Assert.Single(_rig.All<FailJob>()).Reason, StringComparison.Ordinal);
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void FetchFails_OnceOrMoreOnEachOfManyWorkers_GoesOn()
    {
        var final = new StageInfo(1, 1, null, [Map(0, 6)]) { PreferredLocations = _ => ["z"] };
        var rig = new SchedulerRig(new() { MaxConsecutiveStageAttempts = 3, PrefetchPerSlot = 0 });
        WorkerId[] workers = [.. Enumerable.Range(0, 6).Select(i => new WorkerId($"worker-{i}"))];
        Array.ForEach(workers, worker => rig.Join(worker, 1));
        rig.Submit(0, final).SucceedAll();
        var outputs = rig.All<RegisterMapOutputs>().SelectMany(registered => registered.Outputs).ToArray();

        // Each is blamed twice, which is below the limit, for what it has or had.
        rig.Join(new("z"), 1, "z");
        foreach (var output in outputs)
        {
            rig.FailFetch(rig.RunningOf(final, 0), ShuffleOf(0), output.MapIndex, output.Worker);
            rig.Succeed([.. rig.Running.Where(attempt => attempt.StageId == 0)]);
            rig.FailFetch(rig.RunningOf(final, 0), ShuffleOf(0), -1, output.Worker);
        }

        Assert.Empty(rig.All<FailJob>());
        rig.SucceedAll();
        Assert.Single(rig.All<CompleteJob>());
    }

    [Fact]
    public void FetchFails_WorkerDoesNotAnswer_ForgetsAllItHoldsAndGivesItNothingForAMoment()
    {
        var final = new StageInfo(1, 1, null, [Map(0, 6)]) { PreferredLocations = _ => [B.Value] };
        _rig.Join(A, 3).Join(B, 3).Submit(0, final).SucceedAll();
        var onA = _rig.All<RegisterMapOutputs>().SelectMany(registered => registered.Outputs).Where(output => output.Worker == A).Select(output => output.MapIndex);

        _rig.FailFetch(_rig.Running.Single(), ShuffleOf(0), onA.Max(), A, isWorkerGone: true);

        Assert.Equal(onA.Order(), _rig.All<ForgetMapOutputs>().Single().MapIndexes);
        Assert.Equal(3, _rig.Running.Count());
        Assert.All(_rig.Running, attempt => Assert.Equal(B, _rig.WorkerOf(attempt)));
    }

    [Fact]
    public void FetchFails_LossWasKnownAlready_CountsForNothing()
    {
        var rig = new SchedulerRig(new() { MaxConsecutiveStageAttempts = 1, PrefetchPerSlot = 0 });
        var final = new StageInfo(1, 1, null, [Map(0, 1)]) { PreferredLocations = _ => [B.Value] };
        rig.Join(A, 1).Submit(0, final);
        rig.Join(B, 1).SucceedAll().Lose(A);

        rig.FailFetch(rig.Running.Single(), ShuffleOf(0), 0, A);

        Assert.Empty(rig.All<FailJob>());
        rig.SucceedAll().SucceedAll();
        Assert.Single(rig.All<CompleteJob>());
    }

    [Fact]
    public void FetchFails_ListOfOutputsWasNotComplete_SendsItAllAgainWithANewEpoch()
    {
        var final = Final(1, 1, Map(0, 2));
        _rig.Join(A, 8).Submit(0, final).SucceedAll();

        _rig.FailFetch(_rig.Running.Single(), ShuffleOf(0), -1, A);

        var registered = _rig.All<RegisterMapOutputs>().Last();
        Assert.Equal((2, 1L, true), (registered.Outputs.Count, registered.Epoch, registered.IsComplete));
        Assert.Equal(1, _rig.AssignmentOf(_rig.Running.Single()).MapOutputEpoch);
    }

    [Fact]
    public void FetchFails_ShuffleIsNoParent_CountsAsFailure()
    {
        var rig = new SchedulerRig(new() { MaxTaskFailures = 1 });
        rig.Join(A, 1).Submit(0, Final(0, 1));

        rig.FailFetch(rig.Running.Single(), ShuffleOf(77), 0, A);

        Assert.Single(rig.All<FailJob>());
    }

    [Fact]
    public void FetchFails_StageReadsAnotherShuffleToo_ItsListIsConfirmedAtTheNewEpoch()
    {
        var final = Final(2, 1, Map(0, 1), Map(1, 1));
        _rig.Join(A, 8).Submit(0, final).SucceedAll();
        _rig.Actions.Clear();

        _rig.FailFetch(_rig.Running.Single(), ShuffleOf(1), 0, A).SucceedAll();

        var registered = _rig.All<RegisterMapOutputs>().ToDictionary(r => r.Shuffle);
        Assert.Equal((0, 1L, true), (registered[ShuffleOf(0)].Outputs.Count, registered[ShuffleOf(0)].Epoch, registered[ShuffleOf(0)].IsComplete));
        Assert.Equal((1, 1L, true), (registered[ShuffleOf(1)].Outputs.Count, registered[ShuffleOf(1)].Epoch, registered[ShuffleOf(1)].IsComplete));
        Assert.Equal(1, _rig.AssignmentOf(_rig.Running.Single()).MapOutputEpoch);
    }
}
