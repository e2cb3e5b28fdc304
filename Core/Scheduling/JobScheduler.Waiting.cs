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
        foreach (var job in _jobs.Values)
        {
            var since = LastActivityOf(job, out var isRunning);
            var due = (since > job.LastWaitingReport ? since : job.LastWaitingReport) + _options.WaitingReportAfter;
            if (isRunning || IsWaitingForCaller(job))
            {
                due = _now + _options.WaitingReportAfter;
            }
            else if (due <= _now)
            {
                _actions.Add(new JobWaiting(job.Id, ReasonOf(job), _now - since));
                job.LastWaitingReport = _now;
                due = _now + _options.WaitingReportAfter;
            }

            _nextJobCheck = Earlier(_nextJobCheck, due);
        }
    }

    private static TimeSpan LastActivityOf(JobState job, out bool isRunning)
    {
        var last = job.SubmittedAt;
        isRunning = false;
        foreach (var stage in job.Stages)
        {
            isRunning |= stage.RunningCount > 0;
            last = stage.Tasks is not null && stage.LastActivity > last ? stage.LastActivity : last;
        }

        return last;
    }

    private static bool IsWaitingForCaller(JobState job) => job.FinalStage.Tasks is { PendingCount: 0 };

    private string ReasonOf(JobState job)
    {
        foreach (var stage in job.Stages)
        {
            if (stage is { IsProgramRequested: true, IsProgramReady: false, Tasks: not null, MissingParentCount: 0 })
            {
                return $"The program of {stage.Info} ({stage.Info.CallSite}) is not stored in the cluster yet. " +
                    "Look at the driver's connection to the cluster.";
            }
        }

        if (_workers.Count == 0)
        {
            return _lastWorkerTrouble is null
                ? "No worker has joined. Start one, or look why the driver cannot reach the cluster."
                : $"No worker is left; the last one: {_lastWorkerTrouble} Start one, or look why it was lost.";
        }

        if (_eligibleWorkerCount == 0)
        {
            return $"None of {_workers.Count} workers has slots. Start another worker, or look whether tasks that do not stop hold their slots.";
        }

        var backedOffCount = _workers.Values.Count(worker => worker.IsBackedOff);
        if (backedOffCount == _workers.Count)
        {
            return $"None of {_workers.Count} workers takes tasks; the last one: {_lastWorkerTrouble} They are tried again.";
        }

        var slotCount = _workers.Values.Sum(worker => (long)worker.SlotCount);
        return _freeWorkers.Count == 0
            ? $"All {slotCount} slots of {_workers.Count} workers run tasks of other jobs. It goes on when slots are free; older jobs come first."
            : $"Its tasks have failed and wait for workers on which they have not; {_freeWorkers.Count} of {_workers.Count} workers have free slots.";
    }
}
