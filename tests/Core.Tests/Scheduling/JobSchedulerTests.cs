using static Dpark.Scheduling.SchedulerRig;

namespace Dpark.Scheduling;

/// <summary>Jobs and stages when nothing goes wrong.</summary>
public sealed class JobSchedulerTests
{
    private readonly SchedulerRig _rig = new();

    [Fact]
    public void Submit_NoPartitions_CompletesAtOnceWithoutWorkers()
    {
        _rig.Submit(0, Final(0, 0));

        Assert.Equal([new CompleteJob(new(0))], _rig.Actions);
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Submit_NoPartitionsOfAWideStage_ComputesNothing()
    {
        _rig.Join(A, 4).Submit(0, Final(1, 8, Map(0, 4)), partitions: []);

        Assert.Single(_rig.All<CompleteJob>());
        Assert.Empty(_rig.All<LaunchTasks>());
    }

    [Fact]
    public void Submit_OneStage_DeliversEachPositionOnceAndLeavesNothing()
    {
        var final = Final(0, 9);
        _rig.Join(A, 2).Submit(0, final, partitions: [7, 3, 5]);

        _rig.SucceedAll().SucceedAll();

        Assert.Equal([(7, 0), (3, 1), (5, 2)], _rig.All<DeliverResult>().Select(d => (d.Report.Attempt.PartitionIndex, d.Position)).OrderBy(d => d.Item2));
        Assert.Equal(3, _rig.All<AcceptReport>().Count());
        Assert.Single(_rig.All<CompleteJob>());
        Assert.Same(final, Assert.Single(_rig.All<ReleaseStage>()).Stage);
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Submit_MoreTasksThanSlots_LaunchesInOrderAsSlotsGetFree()
    {
        _rig.Join(A, 2).Submit(0, Final(0, 4));

        Assert.Equal([0, 1], _rig.Running.Select(id => id.PartitionIndex));
        _rig.Succeed(_rig.Running.First());

        Assert.Equal([1, 2], _rig.Running.Select(id => id.PartitionIndex));
    }

    [Fact]
    public void Decide_ManyFreeSlots_SendsOneMessagePerWorkerAndSpreadsEvenly()
    {
        _rig.Join(A, 8).Join(B, 8).Join(C, 4).Submit(0, Final(0, 10));

        var launches = _rig.All<LaunchTasks>().ToArray();
        Assert.Equal(3, launches.Length);
        Assert.Equal([4, 4, 2], launches.OrderBy(l => l.Worker.Value).Select(l => l.Tasks.Count));
    }

    [Fact]
    public void Submit_TwoStages_RunsReducersWhenAllMapsAreDone()
    {
        var map = Map(0, 3);
        _rig.Join(A, 8).Submit(0, Final(1, 2, map));

        Assert.Equal([0, 0, 0], _rig.Running.Select(id => id.StageId));
        _rig.Succeed([.. _rig.Running.Take(2)]);
        Assert.Equal([0], _rig.Running.Select(id => id.StageId));
        _rig.SucceedAll();

        Assert.Equal([1, 1], _rig.Running.Select(id => id.StageId));
        var registered = _rig.All<RegisterMapOutputs>().ToArray();
        Assert.Equal([0, 1, 2], registered.SelectMany(r => r.Outputs).Select(o => o.MapIndex));
        Assert.Equal([true], registered.Select(r => r.IsComplete));
        Assert.True(_rig.Actions.IndexOf(registered[^1]) < _rig.Actions.IndexOf(_rig.All<LaunchTasks>().Last()));
        _rig.SucceedAll();
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Succeed_ManyMaps_AreRegisteredInGroups()
    {
        var map = Map(0, 200);
        _rig.Join(A, 200).Submit(0, Final(1, 1, map));
        for (var i = 0; i < 200; i++)
        {
            _rig.Succeed(_rig.RunningOf(map, i));
        }

        Assert.Equal([64, 64, 64, 8], _rig.All<RegisterMapOutputs>().Select(r => r.Outputs.Count));
        Assert.Equal([false, false, false, true], _rig.All<RegisterMapOutputs>().Select(r => r.IsComplete));
    }

    [Fact]
    public void Cancel_SomeMapsAreDone_TheNextJobRegistersThemWithTheOthers()
    {
        var map = Map(0, 2);
        _rig.Join(A, 2).Submit(0, Final(1, 1, map));
        _rig.Succeed(_rig.RunningOf(map, 1)).Tell(new JobCancelled(new(0)));
        _rig.Scheduler.AssertNoState();

        _rig.Submit(1, Final(2, 1, new StageInfo(3, 2, map.Shuffle, []))).SucceedAll();

        var registered = Assert.Single(_rig.All<RegisterMapOutputs>());
        Assert.Equal([0, 1], registered.Outputs.Select(output => output.MapIndex).Order());
        Assert.Contains(_rig.Running, id => id.StageId == 2);
    }

    [Fact]
    public void Submit_ProgramNotStoredYet_LaunchesNothing()
    {
        _rig.StoresPrograms = false;
        _rig.Join(A, 8).Submit(0, Final(1, 2, Map(0, 1)));
        Assert.Equal([0], _rig.All<StartStage>().Select(s => s.Stage.StageId));

        _rig.Tell(new StageReady(0));

        // The next stage's program is stored while this one runs.
        Assert.Equal([0, 1], _rig.All<StartStage>().Select(s => s.Stage.StageId));
        _rig.SucceedAll();
        Assert.Empty(_rig.Running);
        _rig.Tell(new StageReady(1));
        Assert.Equal(2, _rig.Running.Count());
    }

    [Fact]
    public void StageNotReady_ProgramCannotBeSerialized_FailsTheJob()
    {
        _rig.StoresPrograms = false;
        _rig.Join(A, 8).Submit(0, Final(0, 2)).Tell(new StageNotReady(0, "Nobody can serialize a socket.", Failure("socket")));

        var failed = Assert.Single(_rig.All<FailJob>());
        Assert.Contains("Nobody can serialize a socket.", failed.Reason, StringComparison.Ordinal);
        Assert.Equal("socket", failed.Failure!.Message);
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Submit_LaterJobOnTheSameShuffle_SkipsTheMapsAndTheirParents()
    {
        var first = Map(0, 2);
        var second = Map(1, 2, first);
        _rig.Join(A, 8).Submit(0, Final(2, 1, second)).SucceedAll().SucceedAll().SucceedAll();

        // The planner made new objects, with new numbers, for the same shuffles.
        _rig.Submit(1, Final(12, 1, new StageInfo(11, 2, ShuffleOf(1), [new StageInfo(10, 2, ShuffleOf(0), [])])));

        Assert.Equal([12], _rig.Running.Select(id => id.StageId));
        _rig.SucceedAll();
        Assert.Equal(2, _rig.All<CompleteJob>().Count());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Submit_TwoJobsAtOnceOnOneShuffle_RunItsMapsOnce()
    {
        _rig.Join(A, 8).Submit(0, Final(10, 1, Map(0, 3))).Submit(1, Final(11, 1, Map(0, 3)));

        Assert.Equal(3, _rig.Running.Count());
        _rig.SucceedAll().SucceedAll();

        Assert.Equal(2, _rig.All<CompleteJob>().Count());
        Assert.Equal(5, _rig.All<AcceptReport>().Count());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Submit_StageReadsOneShuffleTwice_WaitsForItOnce()
    {
        var map = Map(0, 1);
        _rig.Join(A, 1).Submit(0, Final(1, 1, map, map)).SucceedAll().SucceedAll();

        Assert.Single(_rig.All<CompleteJob>());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Submit_MapStageWithoutPartitions_RegistersItAsComplete()
    {
        _rig.Join(A, 1).Submit(0, Final(1, 1, Map(0, 0)));

        var registered = Assert.Single(_rig.All<RegisterMapOutputs>());
        Assert.True(registered.IsComplete);
        Assert.Equal([1], _rig.Running.Select(id => id.StageId));
    }

    [Fact]
    public void Submit_TenThousandStagesDeep_NeedsNoStack()
    {
        var stage = Map(0, 1);
        for (var i = 1; i < 10_000; i++)
        {
            stage = Map(i, 1, stage);
        }

        _rig.Join(A, 1).Submit(0, Final(10_000, 1, stage));

        Assert.Equal([0], _rig.Running.Select(id => id.StageId));
        Assert.Equal([0, 1], _rig.All<StartStage>().Select(s => s.Stage.StageId));
        _rig.SucceedAll();
        Assert.Equal([0, 1, 2], _rig.All<StartStage>().Select(s => s.Stage.StageId));
        _rig.Tell(new JobCancelled(new(0)));
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Submit_TwoJobs_OlderOneGetsSlotsFirst()
    {
        _rig.Submit(1, Final(1, 4)).Submit(0, Final(0, 4)).Join(A, 5);

        Assert.Equal([0, 0, 0, 0, 1], _rig.Running.Select(id => id.StageId));
    }

    [Fact]
    public void ResultTaken_LimitedJob_ComputesNoFurtherThanTheLimit()
    {
        _rig.Join(A, 8).Submit(0, Final(0, 5), maxConcurrent: 2);
        Assert.Equal([0, 1], _rig.Running.Select(id => id.PartitionIndex));

        _rig.SucceedAll();
        Assert.Empty(_rig.Running);
        _rig.Tell(new ResultTaken(new(0), 0));
        Assert.Equal([2], _rig.Running.Select(id => id.PartitionIndex));
        _rig.Tell(new ResultTaken(new(0), 1), new ResultTaken(new(0), 1));

        Assert.Equal([2, 3], _rig.Running.Select(id => id.PartitionIndex));
        _rig.SucceedAll().Tell(new ResultTaken(new(0), 3)).SucceedAll();
        Assert.Single(_rig.All<CompleteJob>());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void JobCancelled_TasksRun_CancelsThemAndFreesSlotsAtOnce()
    {
        _rig.Join(A, 2).Submit(0, Final(0, 4)).Submit(1, Final(1, 2));
        var cancelled = _rig.Running.ToArray();

        _rig.Tell(new JobCancelled(new(0)));

        Assert.Equal(cancelled, Assert.Single(_rig.All<CancelTasks>()).Attempts.Order(Comparer<Tasks.TaskAttemptId>.Create((x, y) => x.PartitionIndex - y.PartitionIndex)));
        Assert.Equal([1, 1], _rig.Running.Select(id => id.StageId));
        _rig.SucceedAll();
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void JobCancelled_OtherJobNeedsTheMaps_TheyGoOn()
    {
        _rig.Join(A, 8).Submit(0, Final(10, 1, Map(0, 2))).Submit(1, Final(11, 1, Map(0, 2)));

        _rig.Tell(new JobCancelled(new(0)));

        Assert.Empty(_rig.All<CancelTasks>());
        _rig.SucceedAll().SucceedAll();
        Assert.Equal(new JobId(1), Assert.Single(_rig.All<CompleteJob>()).Job);
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void ShuffleUnneeded_JobStillReadsIt_IsReleasedAfterTheJob()
    {
        _rig.Join(A, 8).Submit(0, Final(1, 1, Map(0, 1))).Tell(new ShuffleUnneeded(ShuffleOf(0)));
        Assert.Empty(_rig.All<ReleaseShuffle>());

        _rig.SucceedAll().SucceedAll();

        Assert.Equal(ShuffleOf(0), Assert.Single(_rig.All<ReleaseShuffle>()).Shuffle);
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void ShuffleUnneeded_NoJobReadsIt_IsReleasedAtOnceAndLaterComputedAnew()
    {
        _rig.Join(A, 8).Submit(0, Final(1, 1, Map(0, 1))).SucceedAll().SucceedAll().Tell(new ShuffleUnneeded(ShuffleOf(0)));
        Assert.Single(_rig.All<ReleaseShuffle>());

        _rig.Submit(1, Final(2, 1, Map(0, 1)));

        Assert.Equal([0], _rig.Running.Select(id => id.StageId));
    }

    [Fact]
    public void Decide_PreferredPlaces_AreUsedWhereTheyAreFree()
    {
        var final = new StageInfo(0, 4, null, []) { PreferredLocations = p => p switch { 0 => ["HOST-C"], 1 => [B.Value], 2 => ["host-nobody-has"], _ => [] } };

        _rig.Join(A, 2, "host-a").Join(B, 1, "host-b").Join(C, 1, "host-c").Submit(0, final);

        Assert.Equal([C, B, A, A], _rig.Running.Select(_rig.WorkerOf));
    }

    [Fact]
    public void Decide_PreferredHostHasSeveralWorkers_SpreadsOverThem()
    {
        var final = new StageInfo(0, 4, null, []) { PreferredLocations = _ => ["host"] };

        _rig.Join(A, 4, "host").Join(B, 4, "host").Submit(0, final);

        Assert.Equal([2, 2], _rig.All<LaunchTasks>().Select(l => l.Tasks.Count));
    }

    [Fact]
    public void Decide_ShortTasks_AreSentAheadAndLinesFilledUpInGroups()
    {
        var rig = new SchedulerRig(new() { PrefetchPerSlot = 10, PrefetchTime = TimeSpan.FromMilliseconds(50) });
        rig.Join(A, 1).Submit(0, Final(0, 100));
        Assert.Single(rig.Running);

        // One millisecond each: as many are sent ahead as the options allow.
        rig.Succeed(rig.Running.First());
        Assert.Equal(11, rig.Running.Count());
        var before = rig.All<LaunchTasks>().Count();
        for (var i = 0; i < 5; i++)
        {
            rig.Succeed(rig.Running.First());
        }

        Assert.Equal(before + 1, rig.All<LaunchTasks>().Count());
        Assert.Equal(5, rig.All<LaunchTasks>().Last().Tasks.Count);
    }

    [Fact]
    public void Decide_LongTasks_AreNotSentAhead()
    {
        var rig = new SchedulerRig(new() { PrefetchPerSlot = 10, PrefetchTime = TimeSpan.FromMilliseconds(50) });
        rig.Join(A, 1).Submit(0, Final(0, 100));

        var report = rig.Success(rig.Running.First());
        report.Metrics.RunTime = TimeSpan.FromSeconds(1);
        rig.Tell(new Dpark.Scheduling.TaskReported(A, report));

        Assert.Single(rig.Running);
    }

    [Theory]
    [InlineData("same job")]
    [InlineData("same stage number")]
    [InlineData("partition out of range")]
    [InlineData("partition twice")]
    [InlineData("other width")]
    [InlineData("final stage writes a shuffle")]
    [InlineData("parent writes none")]
    public void Apply_InconsistentSubmission_ThrowsAndChangesNothing(string what)
    {
        _rig.Join(A, 1).Submit(0, Final(9, 1, Map(0, 2)));
        JobSubmitted submission = what switch
        {
            "same job" => new(new(0), Final(1, 1), [0], default),
            "same stage number" => new(new(1), Final(9, 1), [0], default),
            "partition out of range" => new(new(1), Final(1, 1), [1], default),
            "partition twice" => new(new(1), Final(1, 2), [1, 1], default),
            "other width" => new(new(1), Final(1, 1, new StageInfo(2, 3, ShuffleOf(0), [])), [0], default),
            "final stage writes a shuffle" => new(new(1), Map(1, 1), [0], default),
            _ => new(new(1), Final(1, 1, Final(2, 1)), [0], default),
        };

        // The maps of the shuffle run for the first job, so its stage would take the place of one of another width.
        if (what == "other width")
        {
            _rig.SucceedAll().SucceedAll().SucceedAll();
        }

        Assert.Throws<ArgumentException>(() => _rig.Scheduler.Apply(submission));

        if (what != "other width")
        {
            _rig.SucceedAll().SucceedAll().SucceedAll();
        }

        _rig.Scheduler.AssertNoState();
    }
}
