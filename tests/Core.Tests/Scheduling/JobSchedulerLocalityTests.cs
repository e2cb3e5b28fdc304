using static Dpark.Scheduling.SchedulerRig;

namespace Dpark.Scheduling;

/// <summary>How long tasks wait for slots near their data.</summary>
public sealed class JobSchedulerLocalityTests
{
    private readonly SchedulerRig _rig = new();

    [Fact]
    public void Decide_PreferredHostIsFull_WaitsThenRunsElsewhere()
    {
        var final = Near("host-a", 3);
        _rig.Join(A, 1, "host-a").Join(B, 2, "host-b").Submit(0, final);
        Assert.Equal([A], _rig.Running.Select(_rig.WorkerOf));

        _rig.Advance(TimeSpan.FromSeconds(2.9));
        Assert.Single(_rig.Running);
        _rig.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal([A, B, B], _rig.Running.Select(_rig.WorkerOf));
    }

    [Fact]
    public void Decide_PreferredWorkerIsFull_TakesItsHostBeforeAnyOther()
    {
        var rig = new SchedulerRig(new() { PrefetchPerSlot = 0, LocalityWaitWorker = TimeSpan.FromSeconds(1), LocalityWaitHost = TimeSpan.FromSeconds(5) });
        var final = new StageInfo(0, 3, null, []) { PreferredLocations = _ => [A.Value, "host-1"] };
        rig.Join(A, 1, "host-1").Join(B, 1, "host-1").Join(C, 1, "host-2").Submit(0, final);
        Assert.Equal([A], rig.Running.Select(rig.WorkerOf));

        rig.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([A, B], rig.Running.Select(rig.WorkerOf));
        rig.Advance(TimeSpan.FromSeconds(4.9));
        Assert.Equal(2, rig.Running.Count());
        rig.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal([A, B, C], rig.Running.Select(rig.WorkerOf));
    }

    [Fact]
    public void Decide_NearSlotIsUsedAllTheTime_OthersAreNotIdleForEver()
    {
        _rig.Join(A, 1, "host-a").Join(B, 1, "host-b").Submit(0, Near("host-a", 20));

        for (var second = 0; second < 4; second++)
        {
            _rig.Succeed([.. _rig.Running.Where(id => _rig.WorkerOf(id) == A)]).Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Contains(B, _rig.Running.Select(_rig.WorkerOf));
    }

    [Fact]
    public void Decide_PreferredPlaceIsNotThere_RunsAtOnce()
    {
        _rig.Join(B, 2, "host-b").Submit(0, Near("host-a", 2));

        Assert.Equal(2, _rig.Running.Count());
    }

    [Fact]
    public void Decide_PreferredWorkerIsLost_RunsElsewhereAtOnce()
    {
        _rig.Join(A, 1, "host-a").Join(B, 2, "host-b").Submit(0, Near("host-a", 2));
        Assert.Single(_rig.Running);

        _rig.Lose(A);

        Assert.Equal([B, B], _rig.Running.Select(_rig.WorkerOf));
    }

    [Fact]
    public void Decide_WaitIsZero_RunsElsewhereAtOnce()
    {
        var rig = new SchedulerRig(new() { PrefetchPerSlot = 0, LocalityWait = TimeSpan.Zero });

        rig.Join(A, 1, "host-a").Join(B, 2, "host-b").Submit(0, Near("host-a", 3));

        Assert.Equal(3, rig.Running.Count());
    }

    [Fact]
    public void Decide_StageWaitsForNearSlots_YoungerJobGetsTheOthers()
    {
        _rig.Join(A, 1, "host-a").Join(B, 1, "host-b").Submit(0, Near("host-a", 3)).Submit(1, Final(1, 1));

        Assert.Equal([0, 1], _rig.Running.Select(id => id.StageId));
    }

    private static StageInfo Near(string host, int count) => new(0, count, null, []) { PreferredLocations = _ => [host] };
}
