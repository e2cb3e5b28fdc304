using Dpark.Configuration;
using Dpark.Workers;

namespace Dpark.Scheduling;

public sealed partial class JobScheduler
{
    private readonly List<StageState> _news = [];
    private readonly PriorityQueue<WorkerState?, TimeSpan> _timers = new();
    private TimeSpan? _nextProgress;
    private TimeSpan? _nextJobCheck;
    private TimeSpan? _announcedWakeUp;

    /// <summary>Has the driver send a <see cref="Tick"/>.</summary>
    private void WakeUpAt(TimeSpan time, WorkerState? worker = null) => _timers.Enqueue(worker, time);

    private void ExpireTimers()
    {
        while (_timers.TryPeek(out var worker, out var time) && time <= _now)
        {
            _timers.Dequeue();
            if (worker is { IsBackedOff: true } && _now >= worker.BackoffUntil)
            {
                worker.IsBackedOff = false;
                UpdateFree(worker);
            }

            if (worker is { IsLeftOut: true, IsLive: true } && _now >= worker.LeftOutUntil)
            {
                TakeBack(worker, "its time is over.");
            }
        }
    }

    private void AskForWakeUp()
    {
        TimeSpan? next = _timers.TryPeek(out _, out var timer) ? timer : null;
        next = Earlier(Earlier(Earlier(next, _nextProgress), _nextJobCheck), _nextSpeculation);
        if (next is not { } time)
        {
            // A tick that comes for nothing does no harm.
            return;
        }

        if (_announcedWakeUp is not { } announced || announced <= _now || time < announced)
        {
            _announcedWakeUp = time;
            _actions.Add(new WakeAt(time > _now ? time - _now : TimeSpan.Zero));
        }
    }

    private static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) => one is null || other < one ? other : one;

    private void NoteProgress(StageState stage)
    {
        if (!stage.HasNews && stage.Tasks is not null)
        {
            stage.HasNews = true;
            _news.Add(stage);
        }
    }

    private void ReportProgress()
    {
        _nextProgress = null;
        var kept = 0;
        for (var i = 0; i < _news.Count; i++)
        {
            var stage = _news[i];
            if (stage.Tasks is null || stage.IsReleased)
            {
                stage.HasNews = false;
                continue;
            }

            var due = stage.LastProgress + _options.ProgressInterval;
            if (due > _now)
            {
                _nextProgress = Earlier(_nextProgress, due);
                _news[kept++] = stage;
                continue;
            }

            stage.HasNews = false;
            stage.LastProgress = _now;
            _actions.Add(ProgressOf(stage, stage.Jobs[0].Id, isEnded: false));
        }

        _news.RemoveRange(kept, _news.Count - kept);
    }

    private void ReportEnd(StageState stage, JobId job) => _actions.Add(ProgressOf(stage, job, isEnded: true));

    private static StageProgress ProgressOf(StageState stage, JobId job, bool isEnded)
    {
        var tasks = stage.Tasks!;
        return new(
            job, stage.Info, stage.StageAttempt, tasks.DoneCount, stage.RunningCount, tasks.FailedCount, tasks.Count - tasks.SkippedCount, isEnded);
    }

    private void ReportWaitingJobs()
    {
        if (_nextJobCheck is not { } check || check > _now)
        {
            return;
        }

        _nextJobCheck = null;
        List<JobState>? failed = null;
        foreach (var job in _jobs.Values)
        {
            var since = LastActivityOf(job, out var isRunning);
            var due = (since > job.LastWaitingReport ? since : job.LastWaitingReport) + _options.WaitingReportAfter;
            if (isRunning || IsWaitingForCaller(job))
            {
                due = _now + _options.WaitingReportAfter;
                job.InTroubleSince = null;
            }
            else if (due <= _now)
            {
                var (reason, isTrouble) = ReasonOf(job);
                job.InTroubleSince = isTrouble ? job.InTroubleSince ?? since : null;
                if (_options.WaitingLimit > TimeSpan.Zero && _now - job.InTroubleSince >= _options.WaitingLimit)
                {
                    (failed ??= []).Add(job);
                }

                _actions.Add(new JobWaiting(job.Id, reason, _now - since));
                job.LastWaitingReport = _now;
                due = _now + _options.WaitingReportAfter;
            }

            _nextJobCheck = Earlier(_nextJobCheck, due);
        }

        foreach (var job in failed ?? [])
        {
            FailWaiting(job);
        }
    }

    private void FailWaiting(JobState job)
    {
        var reason = $"It has waited for {_now - job.InTroubleSince} without progress, longer than the limit (Dpark:Scheduler:WaitingLimit). {ReasonOf(job).Text}";
        _actions.Add(new FailJob(job.Id, reason, Failure: null, Attempt: null, Worker: null, job.FinalStage.Info));
        RemoveJob(job);
    }

    private void SetSilence(WorkerId id, string? reason)
    {
        if (_workers.TryGetValue(id, out var worker))
        {
            worker.Silence = reason;
        }
    }

    /// <param name="isRunning">A task of it runs on a worker that answers.</param>
    private TimeSpan LastActivityOf(JobState job, out bool isRunning)
    {
        var last = job.SubmittedAt;
        var runningCount = 0;
        foreach (var stage in job.Stages)
        {
            runningCount += stage.RunningCount;
            last = stage.Tasks is not null && stage.LastActivity > last ? stage.LastActivity : last;
        }

        isRunning = runningCount > CountOnSilentWorkers(job);
        return last;
    }

    private int CountOnSilentWorkers(JobState job)
    {
        var count = 0;
        foreach (var worker in _workers.Values)
        {
            for (var attempt = worker.Silence is null ? null : worker.NewestAttempt; attempt is not null; attempt = attempt.NextOnWorker)
            {
                count += attempt.HoldsSlot && attempt.Stage.Jobs.Contains(job) ? 1 : 0;
            }
        }

        return count;
    }

    private static bool IsWaitingForCaller(JobState job) => job.FinalStage is { Tasks.PendingCount: 0, RunningCount: 0 };

    /// <returns>What the job waits for, and whether that is something that no running task will bring.</returns>
    private (string Text, bool IsTrouble) ReasonOf(JobState job)
    {
        var slotCount = _workers.Values.Sum(worker => (long)worker.SlotCount);
        if (TroubleOf(job) is { } trouble)
        {
            return (trouble, true);
        }

        if (_freeWorkers.Count == 0)
        {
            return ($"All {slotCount} slots of {_workers.Count} workers run tasks of other jobs. It goes on when slots are free; " +
                (_options.Mode == SchedulingMode.Fifo ? "older jobs come first." : $"its pool is '{job.Pool.Name}'."), false);
        }

        return ($"Its tasks wait for workers on which they have not failed, or that have their data; {_freeWorkers.Count} of {_workers.Count} workers have free slots.", false);
    }

    private string? FindTooLarge(JobState job)
    {
        var largest = _workers.Values.Select(worker => worker.MemoryBytes).DefaultIfEmpty(long.MaxValue).Max();
        foreach (var stage in job.Stages)
        {
            if (stage.Tasks is { PendingCount: > 0 } tasks && tasks.FindTooLarge(largest) is var position and >= 0)
            {
                return $"Partition {tasks.PartitionOf(position)} of {stage.Info} ({stage.Info.CallSite}) needs more memory than any worker has: " +
                    $"it failed alone on one with {Memory.ByteText.Of(tasks[position].Troubles!.TooFewBytes)}, and the largest that is there has {Memory.ByteText.Of(largest)}. " +
                    "Start a worker with more memory, or use more partitions.";
            }
        }

        return null;
    }

    private string? TroubleOf(JobState job)
    {
        foreach (var stage in job.Stages)
        {
            if (stage is { IsProgramRequested: true, IsProgramReady: false, Tasks: not null, MissingParentCount: 0 })
            {
                return $"The program of {stage.Info} ({stage.Info.CallSite}) is not stored in the cluster yet. " +
                    "Look at the driver's connection to the cluster.";
            }
        }

        if (FindTooLarge(job) is { } tooLarge)
        {
            return tooLarge;
        }

        if (_workers.Count == 0)
        {
            return _lastWorkerTrouble is null
                ? "No worker has joined. Start one, or look why the driver cannot reach the cluster."
                : $"No worker is left; the last one: {_lastWorkerTrouble} Start one, or look why it was lost.";
        }

        if (FindSpared(job) is { } spared)
        {
            return spared;
        }

        var silent = _workers.Values.Where(worker => worker.Silence is not null).OrderBy(worker => worker.Ordinal).ToArray();
        if (silent.Length > 0 && (silent.Length == _workers.Count || CountOnSilentWorkers(job) > 0))
        {
            return $"{silent.Length} of {_workers.Count} workers do not answer, with {CountOnSilentWorkers(job)} of its tasks; the first one, {silent[0].Id}: {silent[0].Silence} " +
                "Its tasks run elsewhere when the cluster declares it dead; look at it, and at the driver's connection to the cluster.";
        }

        if (_eligibleWorkerCount == 0)
        {
            return $"None of {_workers.Count} workers has slots. Start another worker, or look whether tasks that do not stop hold their slots.";
        }

        return _workers.Values.All(worker => worker.IsBackedOff || !IsUsable(worker))
            ? $"None of {_workers.Count} workers takes tasks; the last one: {_lastWorkerTrouble} They are tried again."
            : null;
    }
}
