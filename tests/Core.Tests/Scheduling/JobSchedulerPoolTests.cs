using Dpark.Configuration;
using static Dpark.Scheduling.SchedulerRig;

namespace Dpark.Scheduling;

/// <summary>Which of several jobs gets the free slots.</summary>
public sealed class JobSchedulerPoolTests
{
    [Fact]
    public void Decide_Fifo_OlderJobTakesAll()
    {
        var rig = new SchedulerRig();
        rig.Submit(0, Final(0, 10)).Submit(1, Final(1, 10)).Join(A, 6);

        Assert.All(rig.Running, id => Assert.Equal(0, id.StageId));
    }

    [Fact]
    public void Decide_Fair_PoolsShareByWeight()
    {
        var rig = Fair(new PoolOptions { Name = "reports", Weight = 2 });
        Submit(rig, 0, "reports").Submit(1, Final(1, 10)).Join(A, 6);

        Assert.Equal((4, 2), CountOf(rig));
    }

    [Fact]
    public void Decide_Fair_LeastShareComesFirst()
    {
        var rig = Fair(new PoolOptions { Name = "reports", MinShare = 5 });
        rig.Submit(1, Final(1, 10));
        Submit(rig, 0, "reports").Join(A, 6);

        Assert.Equal((5, 1), CountOf(rig));
    }

    [Fact]
    public void Decide_FairWithinOnePool_JobsOfItComeOneAfterTheOther()
    {
        var rig = Fair();
        rig.Submit(0, Final(0, 4)).Submit(1, Final(1, 10)).Join(A, 6);

        Assert.Equal((4, 2), CountOf(rig));
    }

    [Fact]
    public void Decide_FairPoolWithFairMode_ItsJobsShare()
    {
        var rig = Fair(new PoolOptions { Name = "reports", Mode = SchedulingMode.Fair });
        Submit(Submit(rig, 0, "reports"), 1, "reports").Join(A, 6);

        Assert.Equal((3, 3), CountOf(rig));
    }

    [Fact]
    public void Decide_FairJobComesLater_GetsSlotsAsTheyBecomeFree()
    {
        var rig = Fair();
        Submit(rig.Join(A, 4), 0, "one");
        Submit(rig, 1, "two");
        Assert.Equal((4, 0), CountOf(rig));

        rig.Succeed([.. rig.Running.Take(2)]);

        Assert.Equal((2, 2), CountOf(rig));
    }

    [Fact]
    public void JobsEnd_InPools_NothingIsLeft()
    {
        var rig = Fair(new PoolOptions { Name = "reports", Weight = 3 });
        Submit(Submit(rig.Join(A, 4), 0, "reports"), 1, "unknown");

        while (rig.Running.Any())
        {
            rig.SucceedAll();
        }

        Assert.Equal(2, rig.All<CompleteJob>().Count());
        rig.Scheduler.AssertNoState();
    }

    private static SchedulerRig Fair(params PoolOptions[] pools)
    {
        var options = new SchedulerOptions { PrefetchPerSlot = 0, Mode = SchedulingMode.Fair };
        Array.ForEach(pools, options.Pools.Add);
        return new(options);
    }

    private static SchedulerRig Submit(SchedulerRig rig, int job, string pool) =>
        rig.Tell(new JobSubmitted(new(job), Final(job, 10), [.. Enumerable.Range(0, 10)], new(default) { Pool = pool }));

    private static (int First, int Second) CountOf(SchedulerRig rig) => (rig.Running.Count(id => id.StageId == 0), rig.Running.Count(id => id.StageId == 1));
}
