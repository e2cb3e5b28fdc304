namespace Dpark.Scheduling;

public sealed partial class JobScheduler
{
    private string? _lastWorkerTrouble;
    private int _workerOrdinal;
    private int _eligibleWorkerCount;

    private void OnWorkerJoined(WorkerJoined joined)
    {
        if (!_workers.TryGetValue(joined.Worker, out var worker))
        {
            _workers.Add(joined.Worker, worker = new(joined.Worker, joined.Host, _workerOrdinal++) { IsStandIn = joined.IsStandIn });
            if (worker.IsStandIn)
            {
                _standIns.Add(worker);
                _standInAskedOf = null;
            }
        }

        SetHost(worker, joined.Host);
        worker.SlotCount = joined.SlotCount;
        worker.MemoryBytes = joined.MemoryBytes;
        OnUsableChanged(worker);
        TakeBackIfNoneIsLeft();
    }

    /// <summary>Whether a worker is live, has slots, or is left out has changed.</summary>
    private void OnUsableChanged(WorkerState worker)
    {
        var isUsable = IsUsable(worker);
        if (isUsable != worker.IsCounted)
        {
            worker.IsCounted = isUsable;
            _eligibleWorkerCount += isUsable ? 1 : -1;
        }

        UpdateFree(worker);
    }

    private void LoseWorker(WorkerLost lost)
    {
        if (!_workers.Remove(lost.Worker, out var worker))
        {
            return;
        }

        _lastWorkerTrouble = $"{lost.Worker} was lost: {lost.Reason}";
        worker.IsLive = false;
        worker.Cancelling = null;
        _standIns.Remove(worker);
        _standInAskedOf = _standInAskedOf == worker.Id ? null : _standInAskedOf;
        ForgetHost(worker);
        OnUsableChanged(worker);

        // The outputs first, so that tasks which are launched again see what is missing.
        ForgetOutputsOf(worker.Id);
        var runningCount = 0;
        foreach (var attempt in worker.ListAttempts())
        {
            // A job that failed in this loop has taken its other attempts with it.
            if (!attempt.Stage.IsReleased)
            {
                // What came after those that fill the slots was waiting, and so was what was launched ahead. It has killed nothing.
                var wasRunning = attempt is { HoldsSlot: true, Stage.AheadOf: null } && runningCount++ < worker.SlotCount;
                LoseAttempt(attempt, wasRunning, lost.Reason);
            }
        }

        foreach (var stage in _stages.Values)
        {
            stage.Failures?.Remove(worker);
        }

        TakeBackIfNoneIsLeft();
    }

    private void LoseAttempt(AttemptState attempt, bool wasRunning, string reason)
    {
        var stage = attempt.Stage;
        Detach(attempt);
        NoteProgress(stage);
        var troubles = TroublesOf(attempt);
        if (!wasRunning)
        {
            Retry(attempt);
            return;
        }

        _hasSuspects = true;
        troubles.LostWorkers.Add(attempt.Worker.Id);
        if (attempt.Worker.IsStandIn)
        {
            FailForLosses(stage, attempt.Position, "the last of them a process that was started for it alone (Dpark:Scheduler:SpareLastWorker)", attempt, reason);
        }
        else if (troubles.LostWorkers.Count >= _options.MaxWorkerLosses)
        {
            FailForLosses(stage, attempt.Position, "which is the limit (Dpark:Scheduler:MaxWorkerLosses)", attempt, reason);
        }
        else
        {
            Retry(attempt);
        }
    }

    private void OnLaunchFailed(LaunchFailed failed)
    {
        if (!_workers.TryGetValue(failed.Worker, out var worker))
        {
            return;
        }

        var isAny = false;
        foreach (var id in failed.Attempts)
        {
            if (FindAttempt(id, worker) is { HoldsSlot: true } attempt)
            {
                isAny = true;
                FreeSlot(attempt);
                NoteProgress(attempt.Stage);
                CancelOn(worker, id);
                OnNotRun(attempt, failed.Reason);
            }
        }

        if (isAny)
        {
            _lastWorkerTrouble = $"{failed.Worker} did not take tasks: {failed.Reason}";
            BackOff(worker);
        }
    }

    /// <summary>Gives a worker no tasks for a while, each time longer.</summary>
    private void BackOff(WorkerState worker)
    {
        // Several reports of one trouble come together.
        if (worker.IsBackedOff)
        {
            return;
        }

        var next = worker.Backoff == TimeSpan.Zero ? _options.LaunchBackoff : worker.Backoff * 2;
        worker.Backoff = next < _options.MaxLaunchBackoff ? next : _options.MaxLaunchBackoff;
        worker.BackoffUntil = _now + worker.Backoff;
        worker.IsBackedOff = true;
        WakeUpAt(worker.BackoffUntil, worker);
        UpdateFree(worker);
    }
}
