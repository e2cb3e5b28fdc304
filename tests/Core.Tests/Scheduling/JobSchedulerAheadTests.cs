using Dpark.Configuration;
using Dpark.Tasks;
using static Dpark.Scheduling.SchedulerRig;

namespace Dpark.Scheduling;

/// <summary>Attempts that wait on the only worker until it has made the map outputs which they read.</summary>
public sealed class JobSchedulerAheadTests
{
    private readonly SchedulerRig _rig = new(new() { PrefetchPerSlot = 4, MaxWorkerLosses = 2, SpareLastWorker = false });

    [Fact]
    public void Launch_LastMapsOfTheOnlyWorker_ReadersWaitBehindThem()
    {
        var map = Map(0, 3);
        _rig.Join(A, 2).Submit(0, Final(1, 5, map));
        Assert.Equal([0, 0], _rig.Running.Select(id => id.StageId));

        _rig.Succeed(_rig.RunningOf(map, 0));

        // The last map is launched, and behind it a reader for each slot.
        Assert.Equal([(0, 1), (0, 2), (1, 0), (1, 1)], _rig.Running.Select(id => (id.StageId, id.PartitionIndex)));
        Assert.Equal([null, null, map.Shuffle, map.Shuffle], _rig.Running.Select(id => _rig.AssignmentOf(id).Awaits));

        _rig.Succeed(_rig.RunningOf(map, 1), _rig.RunningOf(map, 2));
        while (_rig.Running.Any())
        {
            _rig.Succeed(_rig.Running.First());
        }

        Assert.Equal(5, _rig.All<DeliverResult>().Count());
        Assert.Single(_rig.All<CompleteJob>());
        Assert.Empty(_rig.All<CancelTasks>());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Succeed_ChainOfShuffles_EachStageIsLaunchedBehindTheOneBefore()
    {
        var first = Map(0, 2);
        var second = Map(1, 2, first);
        var third = Map(2, 2, second);
        _rig.Join(A, 2).Submit(0, Final(3, 2, third));

        // One stage ahead, not more.
        Assert.Equal([0, 0, 1, 1], _rig.Running.Select(id => id.StageId));
        _rig.Succeed(_rig.RunningOf(first, 0), _rig.RunningOf(first, 1));
        Assert.Equal([1, 1, 2, 2], _rig.Running.Select(id => id.StageId));
        Assert.Equal([first.Shuffle, first.Shuffle, second.Shuffle, second.Shuffle], _rig.Running.Select(id => _rig.AssignmentOf(id).Awaits));
        _rig.Succeed(_rig.RunningOf(second, 0), _rig.RunningOf(second, 1));
        Assert.Equal([2, 2, 3, 3], _rig.Running.Select(id => id.StageId));
        _rig.Succeed(_rig.RunningOf(third, 0), _rig.RunningOf(third, 1)).SucceedAll();

        Assert.Single(_rig.All<CompleteJob>());
        _rig.Scheduler.AssertNoState();
    }

    [Theory]
    [InlineData("two workers")]
    [InlineData("no waiting on workers")]
    [InlineData("speculation")]
    [InlineData("another parent is not there")]
    [InlineData("a parent that may give other records")]
    [InlineData("too many maps to remember")]
    public void Launch_OutputsMayComeFromElsewhereOrNotAtAll_ReadersAreNotLaunched(string reason)
    {
        var options = new SchedulerOptions { PrefetchPerSlot = reason == "no waiting on workers" ? 0 : 4, Speculation = reason == "speculation" };
        var rig = new SchedulerRig(options);
        rig.Join(A, 100);
        if (reason == "two workers")
        {
            rig.Join(B, 2);
        }

        var mapCount = reason.StartsWith("too many", StringComparison.Ordinal) ? AwaitedOutputs.MaxMaps + 1 : 2;
        var map = new StageInfo(0, mapCount, ShuffleOf(0), []) { IsIndeterminate = reason.StartsWith("a parent", StringComparison.Ordinal) };
        StageInfo[] parents = reason.StartsWith("another", StringComparison.Ordinal) ? [map, Map(5, 2)] : [map];

        rig.Submit(0, Final(9, 2, parents));

        Assert.DoesNotContain(rig.Running, id => id.StageId == 9);
    }

    [Fact]
    public void Launch_OneParentIsThere_ReadersWaitForTheOther()
    {
        var there = Map(0, 2);
        var other = Map(1, 2);
        _rig.Join(A, 4).Submit(0, Final(2, 1, there, other));
        _rig.Succeed(_rig.RunningOf(there, 0), _rig.RunningOf(there, 1));

        var reader = Assert.Single(_rig.Running, id => id.StageId == 2);

        Assert.Equal(other.Shuffle, _rig.AssignmentOf(reader).Awaits);
        _rig.Succeed(_rig.RunningOf(other, 0), _rig.RunningOf(other, 1)).SucceedAll();
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Fail_MapThatReadersWaitFor_TheyAreTakenBackAndLaunchedWhenItIsThere()
    {
        var map = Map(0, 2);
        _rig.Join(A, 2).Submit(0, Final(1, 2, map));
        var ahead = _rig.Running.Where(id => id.StageId == 1).ToArray();
        Assert.Equal(2, ahead.Length);

        _rig.Fail(_rig.RunningOf(map, 0));

        Assert.Equal(ahead, _rig.All<CancelTasks>().SelectMany(cancel => cancel.Attempts).Order(Comparer<TaskAttemptId>.Create((a, b) => a.PartitionIndex - b.PartitionIndex)));
        Assert.DoesNotContain(_rig.Running, id => id.StageId == 1);
        _rig.Advance(TimeSpan.FromSeconds(10));
        _rig.Succeed(_rig.RunningOf(map, 0), _rig.RunningOf(map, 1));
        Assert.Equal([null, null], _rig.Running.Select(id => _rig.AssignmentOf(id).Awaits));
        Assert.Equal([1, 1], _rig.Running.Select(id => id.Attempt));
        _rig.SucceedAll();
        Assert.Single(_rig.All<CompleteJob>());
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Submit_AnotherJobWhileReadersWait_GetsTheirSlots()
    {
        var map = Map(0, 2);
        _rig.Join(A, 2).Submit(0, Final(1, 2, map));
        _rig.Succeed(_rig.RunningOf(map, 0));

        // One slot is free, as far as the worker is concerned.
        _rig.Submit(1, Final(7, 1));

        Assert.Contains(_rig.Running, id => id.StageId == 7);
        Assert.Equal(2, _rig.All<CancelTasks>().Sum(cancel => cancel.Attempts.Count));
    }

    [Fact]
    public void Join_SecondWorkerWhileReadersWait_TheyAreTakenBack()
    {
        var map = Map(0, 2);
        _rig.Join(A, 2).Submit(0, Final(1, 2, map));

        _rig.Join(B, 2);

        Assert.DoesNotContain(_rig.Running, id => id.StageId == 1);
        _rig.Succeed(_rig.RunningOf(map, 0), _rig.RunningOf(map, 1));
        Assert.Equal([null, null], _rig.Running.Select(id => _rig.AssignmentOf(id).Awaits));
    }

    [Fact]
    public void Lose_WorkerOnWhichReadersWait_IsNotTheirFault()
    {
        var map = Map(0, 1);
        var final = Final(1, 2, map);
        _rig.Join(A, 3).Submit(0, final);
        Assert.Equal(2, _rig.Running.Count(id => id.StageId == 1));
        _rig.Lose(A).Join(B, 3);
        _rig.Succeed(_rig.RunningOf(map, 0));

        // Had they been blamed for the first loss, this would be the second.
        _rig.Lose(B);

        Assert.Empty(_rig.All<FailJob>());
    }

    [Fact]
    public void Fail_OutputOfAMapThatIsMadeAgain_ReadersAreNotLaunchedAhead()
    {
        var map = Map(0, 2);
        var final = Final(1, 1, map);
        _rig.Join(A, 1).Submit(0, final);
        _rig.Succeed(_rig.RunningOf(map, 0)).Succeed(_rig.RunningOf(map, 1));
        _rig.Submit(1, Final(2, 1, map));
        Assert.Equal([1], _rig.Running.Select(id => id.StageId));

        _rig.FailFetch(_rig.RunningOf(final, 0), map.Shuffle!.Value, 1, A);

        // The other job's reader could wait, but the worker remembers the first output of the map.
        Assert.Equal([(0, 1, 1)], _rig.Running.Select(id => (id.StageId, id.PartitionIndex, id.Attempt)));
    }

    [Fact]
    public void Cancel_JobWhoseReadersWait_CancelsThem()
    {
        _rig.Join(A, 2).Submit(0, Final(1, 2, Map(0, 2)));

        _rig.Tell(new JobCancelled(new(0)));

        Assert.Equal(4, _rig.All<CancelTasks>().Sum(cancel => cancel.Attempts.Count));
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void Report_OfAReaderBeforeThatOfItsMap_IsTaken()
    {
        var map = Map(0, 1);
        var final = Final(1, 1, map);
        _rig.Join(A, 1).Submit(0, final);

        _rig.Succeed(_rig.RunningOf(final, 0));
        _rig.SucceedAll();

        Assert.Single(_rig.All<CompleteJob>());
        _rig.Scheduler.AssertNoState();
    }
}
