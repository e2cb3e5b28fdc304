using Dpark.Workers;
using static Dpark.Scheduling.SchedulerRig;

namespace Dpark.Scheduling;

/// <summary>Workers on which tasks fail are left out for a while.</summary>
public sealed class JobSchedulerExclusionTests
{
    private readonly SchedulerRig _rig = new(new() { PrefetchPerSlot = 0, MaxTaskFailures = 100 });
    private readonly StageInfo _final = Final(0, 4);

    [Fact]
    public void TasksFail_TwoOfAStageOnOneWorker_GetsNoMoreOfThatStageAndSaysSo()
    {
        FailOn(A, 2);

        Assert.DoesNotContain(A, _rig.Running.Select(_rig.WorkerOf));
        var notice = Assert.Single(_rig.All<Notice>());
        Assert.Equal("worker-a gets no more tasks of stage-0 for 00:10:00: 2 tasks of stage-0 failed there.", notice.Text);
        Assert.Equal([new JobId(0)], notice.Jobs);
        _rig.Submit(1, Final(1, 1));
        Assert.Equal(A, _rig.WorkerOf(_rig.RunningOf(Final(1, 1), 0)));
    }

    [Fact]
    public void TasksFail_OneTaskTwice_WorkerIsNotLeftOut()
    {
        _rig.Join(A, 1).Submit(0, Final(0, 1));

        _rig.Fail(_rig.Running.Single()).Fail(_rig.Running.Single());

        Assert.Empty(_rig.All<Notice>());
    }

    [Fact]
    public void StageSucceeds_TasksOfItFailedOnOneWorker_GetsNoTasksUntilItsTimeIsOver()
    {
        FailOn(A, 2);
        _rig.SucceedAll().SucceedAll();
        Assert.Single(_rig.All<CompleteJob>());
        Assert.StartsWith("worker-a gets no more tasks for 00:10:00: 2 tasks failed there", _rig.All<Notice>().Last().Text, StringComparison.Ordinal);

        _rig.Submit(1, Final(1, 8));
        Assert.DoesNotContain(A, _rig.Running.Select(_rig.WorkerOf));
        _rig.Advance(TimeSpan.FromMinutes(10));

        Assert.Contains(A, _rig.Running.Select(_rig.WorkerOf));
        Assert.Equal("worker-a, which was left out, gets tasks again: its time is over.", _rig.All<Notice>().Last().Text);
    }

    [Fact]
    public void TasksFail_OnEveryWorker_LastOneGoesOnAndSaysSo()
    {
        FailOn(A, 2);
        _rig.Fail(_rig.Running.First()).Fail(_rig.Running.Last());

        Assert.StartsWith("worker-b goes on with stage-0 though 2 tasks", _rig.All<Notice>().Last().Text, StringComparison.Ordinal);
        _rig.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal([B, B], _rig.Running.Select(_rig.WorkerOf));
    }

    [Fact]
    public void WorkerLost_OnlyOneThatWasNotLeftOut_OthersComeBack()
    {
        FailOn(A, 2);

        _rig.Lose(B);

        Assert.Equal([A, A], _rig.Running.Select(_rig.WorkerOf));
        Assert.StartsWith("Workers that were left out of stage-0 get its tasks again", _rig.All<Notice>().Last().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void WorkerLost_OthersAreLeftOutOfTheApplication_ComeBackAndSaySo()
    {
        FailOn(A, 2);
        _rig.SucceedAll().SucceedAll();
        _rig.Submit(1, Final(1, 1)).Lose(B);

        Assert.Equal(A, _rig.WorkerOf(Assert.Single(_rig.Running)));
        Assert.Equal("worker-a, which was left out, gets tasks again: no other worker is left.", _rig.All<Notice>().Last().Text);
    }

    [Fact]
    public void TasksFail_SwitchedOff_NobodyIsLeftOut()
    {
        var rig = new SchedulerRig(new() { PrefetchPerSlot = 0, MaxTaskFailures = 100, ExcludeOnFailure = false });
        rig.Join(A, 2).Join(B, 2).Submit(0, _final);

        foreach (var attempt in rig.Running.ToArray())
        {
            rig.Fail(attempt);
        }

        Assert.Empty(rig.All<Notice>());
    }

    private void FailOn(WorkerId worker, int count)
    {
        _rig.Join(A, 2).Join(B, 2).Submit(0, _final);
        foreach (var attempt in _rig.Running.Where(id => _rig.WorkerOf(id) == worker).Take(count).ToArray())
        {
            _rig.Fail(attempt);
        }
    }
}
