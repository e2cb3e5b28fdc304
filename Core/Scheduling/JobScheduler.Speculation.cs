namespace Dpark.Scheduling;

public sealed partial class JobScheduler
{
    private readonly List<AttemptState> _lateAttempts = [];
    private TimeSpan? _nextSpeculation;

    private void NoteLaunch()
    {
        if (_options.Speculation)
        {
            _nextSpeculation ??= _now + _options.SpeculationInterval;
        }
    }

    /// <summary>Looks for tasks that run much longer than those of their stage that are done.</summary>
    private void Speculate()
    {
        if (_nextSpeculation is not { } due || due > _now)
        {
            return;
        }

        _nextSpeculation = null;
        foreach (var worker in _workers.Values)
        {
            for (var attempt = worker.NewestAttempt; attempt is not null; attempt = attempt.NextOnWorker)
            {
                if (!attempt.HoldsSlot)
                {
                    continue;
                }

                _nextSpeculation = _now + _options.SpeculationInterval;
                if (LateAfter(attempt.Stage) is { } limit && _now - attempt.LaunchedAt > limit)
                {
                    _lateAttempts.Add(attempt);
                }
            }
        }

        // In an order that a replay has too.
        _lateAttempts.Sort(static (one, other) => (one.Id.StageId, one.Position, one.Id.Attempt).CompareTo((other.Id.StageId, other.Position, other.Id.Attempt)));
        foreach (var attempt in _lateAttempts)
        {
            if (attempt.Stage.Tasks!.Speculate(attempt.Position))
            {
                UpdateRunnable(attempt.Stage);
            }
        }

        _lateAttempts.Clear();
    }

    /// <returns><see langword="null"/> as long as too few tasks of the stage are done.</returns>
    private TimeSpan? LateAfter(StageState stage)
    {
        var tasks = stage.Tasks!;
        var least = Math.Max(1, _options.SpeculationQuantile * (tasks.Count - tasks.SkippedCount));
        if (stage.RunTimes?.Median is not { } median || tasks.DoneCount < least)
        {
            return null;
        }

        var limit = median * _options.SpeculationMultiplier;
        return limit > _options.SpeculationMinRunTime ? limit : _options.SpeculationMinRunTime;
    }

    private int PlaceLate(StageState stage, int most)
    {
        var launched = 0;
        FindCandidates(queuedPerSlot: 0);
        while (launched < most && stage.Tasks!.LateCount > 0 && _candidates.TryDequeue(out var worker, out _))
        {
            if (!stage.LeavesOut(worker, _now) && stage.Tasks.TryTakeLate(worker, _now, _eligibleWorkerCount, out var position))
            {
                Launch(stage, position, worker);
                launched++;
                if (HasFreeSlot(worker))
                {
                    _candidates.Enqueue(worker, worker.Priority);
                }
            }
        }

        return launched;
    }
}
