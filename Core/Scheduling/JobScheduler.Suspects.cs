using Dpark.Workers;

namespace Dpark.Scheduling;

/// <remarks>
/// A task is suspect once a worker has died under it: its code may have killed it, or something else. Suspects are launched when nothing else of their stage can be, and apart from each
/// other as far as there are free slots, so that the next loss blames one of them at most. One under which two workers have died is not given to the last worker. That worker is asked
/// for a stand-in instead, a process beside it that gets nothing but such tasks; what dies even there has killed it, and fails its job.
/// </remarks>
public sealed partial class JobScheduler
{
    private readonly List<WorkerState> _standIns = [];

    // The worker that was asked for a stand-in, until one joins.
    private WorkerId? _standInAskedOf;
    private bool _hasSuspects;

    /// <summary>Whether tasks under which two workers have died may run on stand-ins only.</summary>
    private bool IsLastSpared => _options.SpareLastWorker && _workers.Count - _standIns.Count <= 1;

    private void PlaceOnStandIns()
    {
        if (!_hasSuspects || !IsLastSpared)
        {
            return;
        }

        foreach (var stage in _runnable.Snapshot())
        {
            if (stage.Tasks!.FindSpared() is var spared and >= 0)
            {
                AskForStandIn(stage, spared);
                foreach (var worker in _standIns)
                {
                    while (HasRoom(worker) && stage.Tasks.TryTakeSuspect(worker, isLastSpared: true, _now, _eligibleWorkerCount, out var position))
                    {
                        Launch(stage, position, worker);
                    }
                }

                UpdateRunnable(stage);
            }
        }
    }

    private void AskForStandIn(StageState stage, int position)
    {
        var last = _workers.Values.FirstOrDefault(worker => !worker.IsStandIn);
        if (last is null || _standIns.Count > 0 || _standInAskedOf is not null)
        {
            return;
        }

        _standInAskedOf = last.Id;
        _actions.Add(new StartStandIn(last.Id));
        Notify(stage, $"{DescribeLosses(stage, position)}. It is tried in a process of its own beside {last.Id}, which is the last worker.");
    }

    private void OnStandInRefused(StandInRefused refused)
    {
        if (_standInAskedOf != refused.Worker)
        {
            return;
        }

        _standInAskedOf = null;
        if (!IsLastSpared)
        {
            return;
        }

        foreach (var stage in _stages.Values.OrderBy(stage => stage.Info.StageId).ToArray())
        {
            if (stage is { IsReleased: false, Tasks: { } tasks } && tasks.FindSpared() is var position and >= 0)
            {
                FailForLosses(
                    stage, position, $"and the last one that is left is spared (Dpark:Scheduler:SpareLastWorker), but no process of its own could be started for it: {refused.Reason}");
            }
        }
    }

    /// <summary>Launches suspects on free slots: first where none runs yet, then beside others.</summary>
    private int PlaceSuspects(StageState stage, int most)
    {
        var launched = PlaceSuspects(stage, most, isBesideOthers: false);
        return launched + PlaceSuspects(stage, most - launched, isBesideOthers: true);
    }

    private int PlaceSuspects(StageState stage, int most, bool isBesideOthers)
    {
        var launched = 0;
        FindCandidates(queuedPerSlot: 0);
        while (launched < most && stage.Tasks!.HasSuspects && _candidates.TryDequeue(out var worker, out _))
        {
            if ((worker.SuspectCount > 0 && !isBesideOthers) || stage.LeavesOut(worker, _now)
                || !stage.Tasks.TryTakeSuspect(worker, IsLastSpared, _now, _eligibleWorkerCount, out var position))
            {
                continue;
            }

            Launch(stage, position, worker);
            launched++;
            if (HasFreeSlot(worker))
            {
                _candidates.Enqueue(worker, worker.Priority);
            }
        }

        return launched;
    }

    private void FailForLosses(StageState stage, int position, string cause, AttemptState? attempt = null, string? reason = null)
    {
        var last = attempt is null ? "" : $" The last attempt, {attempt.Id}: {reason}";
        FailJobsOf(
            stage,
            $"{DescribeLosses(stage, position)}, {cause}{(cause.EndsWith('.') ? "" : ".")} " +
            "Its code may be what kills them: it may overflow the stack, take too much memory, or end the process. " +
            $"Look at the end of the logs of {string.Join(", ", stage.Tasks![position].Troubles!.LostWorkers)}.{last}",
            attempt: attempt?.Id,
            worker: attempt?.Worker.Id);
    }

    private static string DescribeLosses(StageState stage, int position) =>
        $"Partition {stage.Tasks!.PartitionOf(position)} of {stage.Info} ({stage.Info.CallSite}) was running on " +
        $"{stage.Tasks[position].Troubles!.LostWorkers.Count} workers when they died";

    /// <returns>Why a job waits for a stand-in; <see langword="null"/> if it does not.</returns>
    private string? FindSpared(JobState job)
    {
        if (!_hasSuspects || !IsLastSpared)
        {
            return null;
        }

        foreach (var stage in job.Stages)
        {
            if (stage.Tasks is { HasSuspects: true } tasks && tasks.FindSpared() is var position and >= 0)
            {
                return $"{DescribeLosses(stage, position)}. It waits for another worker, or for the process that the last one was asked to start for it.";
            }
        }

        return null;
    }
}
