namespace Dpark.Scheduling;

/// <remarks>
/// A worker on which several tasks fail is left out: by the stage whose tasks failed, and by the whole application when failures there add up while the
/// stages themselves succeed, so that one bad job does not empty the cluster. It comes back by time, and at once when nobody else is left.
/// </remarks>
public sealed partial class JobScheduler
{
    /// <summary>A task failed on a worker, by its own fault or the worker's.</summary>
    private void NoteFailureOn(WorkerState worker, StageState stage, int position)
    {
        if (!_options.ExcludeOnFailure)
        {
            return;
        }

        stage.Failures ??= [];
        if (!stage.Failures.TryGetValue(worker, out var failures))
        {
            stage.Failures.Add(worker, failures = new());
        }

        failures.Tasks.Add(position);
        if (failures.Tasks.Count < _options.MaxStageFailuresPerWorker || stage.LeavesOut(worker, _now))
        {
            return;
        }

        var cause = $"{failures.Tasks.Count} tasks of {stage.Info} failed there";
        if (CountUsable(stage, except: worker) == 0)
        {
            NoteOnce(stage, $"{worker.Id} goes on with {stage.Info} though {cause}: no other worker is left for it.");
            return;
        }

        failures.LeftOutUntil = _now + _options.ExcludeTime;
        WakeUpAt(failures.LeftOutUntil);
        Notify(stage, $"{worker.Id} gets no more tasks of {stage.Info} for {_options.ExcludeTime}: {cause}.");
    }

    /// <summary>A run of a stage ended. If it succeeded, the failures on its way were the workers'.</summary>
    private void CountFailures(StageState stage)
    {
        if (stage.Failures is not { } all)
        {
            return;
        }

        stage.Failures = null;
        if (!stage.Tasks!.IsDone)
        {
            return;
        }

        foreach (var (worker, failures) in all.OrderBy(pair => pair.Key.Ordinal))
        {
            for (var i = 0; i < failures.Tasks.Count; i++)
            {
                worker.RecentFailures.Enqueue(_now);
            }

            while (worker.RecentFailures.TryPeek(out var time) && (time + _options.ExcludeTime <= _now || worker.RecentFailures.Count > _options.MaxFailuresPerWorker))
            {
                worker.RecentFailures.Dequeue();
            }

            if (worker is { IsLive: true, IsLeftOut: false } && worker.RecentFailures.Count >= _options.MaxFailuresPerWorker)
            {
                LeaveOut(worker);
            }
        }
    }

    private void LeaveOut(WorkerState worker)
    {
        var cause = $"{worker.RecentFailures.Count} tasks failed there within {_options.ExcludeTime}, in stages that succeeded elsewhere";
        worker.RecentFailures.Clear();
        if (CountUsable(stage: null, except: worker) == 0)
        {
            Notify(stage: null, $"{worker.Id} goes on though {cause}: no other worker is left.");
            return;
        }

        worker.IsLeftOut = true;
        worker.LeftOutUntil = _now + _options.ExcludeTime;
        WakeUpAt(worker.LeftOutUntil, worker);
        OnUsableChanged(worker);
        Notify(stage: null, $"{worker.Id} gets no more tasks for {_options.ExcludeTime}: {cause}.");

        // It may have been the last one that some stage did not leave out.
        TakeBackIfNoneIsLeft();
    }

    private void TakeBack(WorkerState worker, string reason)
    {
        worker.IsLeftOut = false;
        OnUsableChanged(worker);
        Notify(stage: null, $"{worker.Id}, which was left out, gets tasks again: {reason}");
    }

    /// <summary>Takes workers back when none is left, or a stage has none left.</summary>
    private void TakeBackIfNoneIsLeft()
    {
        if (CountUsable(stage: null, except: null) == 0)
        {
            foreach (var worker in _workers.Values.Where(worker => worker is { IsLeftOut: true, SlotCount: > 0 }).OrderBy(worker => worker.Ordinal))
            {
                TakeBack(worker, "no other worker is left.");
            }
        }

        foreach (var stage in _stages.Values)
        {
            if (stage.Failures is { } failures && CountUsable(stage, except: null) == 0)
            {
                foreach (var one in failures.Values)
                {
                    if (one.LeftOutUntil > _now)
                    {
                        one.LeftOutUntil = default;
                        one.Tasks.Clear();
                        NoteOnce(stage, $"Workers that were left out of {stage.Info} get its tasks again: no other worker is left for it.");
                    }
                }
            }
        }
    }

    /// <summary>The workers that may get tasks, of a stage if one is named.</summary>
    private int CountUsable(StageState? stage, WorkerState? except)
    {
        var count = 0;
        foreach (var worker in _workers.Values)
        {
            count += worker != except && IsUsable(worker) && stage?.LeavesOut(worker, _now) != true ? 1 : 0;
        }

        return count;
    }

    /// <summary>Tells the user of the jobs that a stage works for, or of all.</summary>
    private void Notify(StageState? stage, string text) => _actions.Add(new Notice([.. (stage?.Jobs ?? [.. _jobs.Values]).Select(job => job.Id)], text));

    private void NoteOnce(StageState stage, string text)
    {
        if (stage.LastNotice != text)
        {
            stage.LastNotice = text;
            Notify(stage, text);
        }
    }
}
