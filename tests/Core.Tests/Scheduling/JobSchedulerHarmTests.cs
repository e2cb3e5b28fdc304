using Dpark.Tasks;
using Dpark.Workers;
using static Dpark.Scheduling.SchedulerRig;

namespace Dpark.Scheduling;

/// <summary>Tasks that harm their worker: it dies under them, its memory is too short for them, or they end its process.</summary>
public sealed class JobSchedulerHarmTests
{
    private static readonly WorkerId D = new("worker-d");
    private static readonly WorkerId E = new("worker-e");

    private readonly SchedulerRig _rig = new();

    [Fact]
    public void WorkerLost_AsOftenAsTheLimit_FailsTheJobAndNamesPartitionAndWorkers()
    {
        var final = Final(0, 1);
        _rig.Join(A, 1).Join(B, 1).Join(C, 1).Join(D, 1).Join(E, 1).Submit(0, final);
        var lost = new List<WorkerId>();
        for (var i = 0; i < 3; i++)
        {
            Assert.Empty(_rig.All<FailJob>());
            lost.Add(_rig.WorkerOf(_rig.RunningOf(final, 0)));
            _rig.Lose(lost[^1]);
        }

        var reason = Assert.Single(_rig.All<FailJob>()).Reason;
        Assert.Contains("Partition 0 of stage-0", reason, StringComparison.Ordinal);
        Assert.Contains("was running on 3 workers when they died, which is the limit (Dpark:Scheduler:MaxWorkerLosses)", reason, StringComparison.Ordinal);
        Assert.Contains($"logs of {string.Join(", ", lost)}", reason, StringComparison.Ordinal);
        _rig.Scheduler.AssertNoState();
    }

    [Fact]
    public void WorkerLost_TwiceUnderDifferentTasks_FailsNothing()
    {
        var final = Final(0, 2);
        _rig.Join(A, 1).Join(B, 1).Join(C, 1).Submit(0, final);
        var first = _rig.RunningOf(final, 0);
        _rig.Lose(_rig.WorkerOf(first));
        _rig.Succeed(_rig.RunningOf(final, 0));

        _rig.Lose(_rig.WorkerOf(_rig.RunningOf(final, 1)));
        _rig.SucceedAll();

        Assert.Empty(_rig.All<FailJob>());
        Assert.Single(_rig.All<CompleteJob>());
    }

    [Fact]
    public void TaskFails_ForGood_FailsTheJobAtOnce()
    {
        var final = Final(0, 1);
        _rig.Join(A, 1).Join(B, 1).Submit(0, final);

        _rig.End(_rig.RunningOf(final, 0), TaskOutcome.Failed, Failure("Environment.Exit(3) was called") with { IsFinal = true });

        var reason = Assert.Single(_rig.All<FailJob>()).Reason;
        Assert.Contains("failed in a way that another attempt would repeat", reason, StringComparison.Ordinal);
        Assert.Contains("Environment.Exit(3) was called", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void MemoryShort_WorkerIsBusy_IsTriedAloneOnceItIsEmpty()
    {
        var final = Final(0, 6);
        Join(A, 2, 100);
        _rig.Submit(0, final);

        FailForMemory(final, 0);

        // Nothing else is started before the worker is empty, and nothing beside the task that has it to itself.
        Assert.Equal([1], _rig.Running.Select(id => id.PartitionIndex));
        _rig.Succeed(_rig.RunningOf(final, 1));
        Assert.Equal([(0, 1)], _rig.Running.Select(id => (id.PartitionIndex, id.Attempt)));
        _rig.Succeed(_rig.RunningOf(final, 0));
        Assert.Equal([2, 3], _rig.Running.Select(id => id.PartitionIndex));
        _rig.SucceedAll().SucceedAll();

        Assert.Single(_rig.All<CompleteJob>());
        Assert.Contains("Memory was too short for app-1/stage-0.0/0.0", Assert.Single(_rig.All<Notice>()).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void MemoryShort_AloneAndNoWorkerHasMore_FailsTheJobWithItsMemory()
    {
        var final = Final(0, 1);
        Join(A, 2, 1 << 30);
        _rig.Submit(0, final);

        FailForMemory(final, 0);
        FailForMemory(final, 0);

        Assert.Contains(
            "failed for lack of memory though it had its worker to itself, and no worker has more than its 1 GiB",
            Assert.Single(_rig.All<FailJob>()).Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public void MemoryShort_AloneAndAnotherWorkerHasMore_RunsThere()
    {
        var final = Final(0, 1);
        Join(A, 1, 1 << 20);
        _rig.Submit(0, final);
        FailForMemory(final, 0);
        Join(B, 1, 1 << 30);

        FailForMemory(final, 0);

        Assert.Equal(B, _rig.WorkerOf(_rig.RunningOf(final, 0)));
    }

    [Fact]
    public void MemoryShort_TheLargerWorkerIsLost_SaysSoAndFailsAtTheLimit()
    {
        var final = Final(0, 1);
        Join(A, 1, 1 << 20);
        _rig.Submit(0, final);
        FailForMemory(final, 0);
        Join(B, 1, 1 << 30);
        FailForMemory(final, 0);

        _rig.Lose(B).Advance(TimeSpan.FromSeconds(15));

        var waiting = Assert.Single(_rig.All<JobWaiting>());
        Assert.Contains("Partition 0 of stage-0", waiting.Reason, StringComparison.Ordinal);
        Assert.Contains("needs more memory than any worker has: it failed alone on one with 1 MiB, and the largest that is there has 1 MiB.", waiting.Reason, StringComparison.Ordinal);
        for (var i = 0; i < 60; i++)
        {
            _rig.Advance(TimeSpan.FromSeconds(15));
        }

        Assert.Contains("needs more memory than any worker has", Assert.Single(_rig.All<FailJob>()).Reason, StringComparison.Ordinal);
        _rig.Scheduler.AssertNoState();
    }

    private void Join(WorkerId worker, int slots, long memory) => _rig.Tell(new WorkerJoined(worker, $"host-of-{worker}", slots) { MemoryBytes = memory });

    private void FailForMemory(StageInfo stage, int partition) =>
        _rig.End(_rig.RunningOf(stage, partition), TaskOutcome.Failed, Failure("too little") with { IsMemoryShort = true });
}
