using Dpark.Tasks;

namespace Dpark.Scheduling;

public sealed partial class JobScheduler
{
    private readonly List<WorkerState> _freeWorkers = [];
    private readonly List<WorkerState> _workersToLaunchOn = [];
    private readonly List<WorkerState> _workersToCancelOn = [];
    private readonly PriorityQueue<WorkerState, (long Load, long LastUsed, int Ordinal)> _candidates = new();
    private long _assignmentCount;

    private static bool HasFreeSlot(WorkerState worker) => worker is { IsLive: true, IsBackedOff: false } && worker.AssignedCount < worker.SlotCount;

    /// <summary>Puts a worker into the list of those with a free slot, or takes it out.</summary>
    private void UpdateFree(WorkerState worker)
    {
        var isFree = HasFreeSlot(worker);
        if (isFree == worker.FreeIndex >= 0)
        {
            return;
        }

        if (isFree)
        {
            worker.FreeIndex = _freeWorkers.Count;
            _freeWorkers.Add(worker);
            return;
        }

        var last = _freeWorkers[^1];
        _freeWorkers[worker.FreeIndex] = last;
        last.FreeIndex = worker.FreeIndex;
        _freeWorkers.RemoveAt(_freeWorkers.Count - 1);
        worker.FreeIndex = -1;
    }

    private void PlaceTasks()
    {
        if (_runnable.Count == 0 || _workers.Count == 0)
        {
            return;
        }

        foreach (var stage in _runnable.Snapshot())
        {
            if (_freeWorkers.Count > 0)
            {
                Place(stage, queuedPerSlot: 0);
            }

            if (stage.Tasks!.PendingCount > 0 && QueuedPerSlot(stage) is var queued and > 0)
            {
                Place(stage, queued);
            }

            UpdateRunnable(stage);

            // Whoever comes later in the line would only take room that this stage is waiting for.
            if (stage.IsRunnable && _freeWorkers.Count == 0)
            {
                return;
            }
        }
    }

    /// <summary>How many tasks of a stage may wait on a worker, per slot, so that its slots never wait for the driver.</summary>
    private int QueuedPerSlot(StageState stage)
    {
        if (stage.AverageRunTime is not { } average)
        {
            return 0;
        }

        var most = _options.PrefetchPerSlot;
        return average <= TimeSpan.Zero ? most : (int)Math.Min(most, _options.PrefetchTime / average);
    }

    private void Place(StageState stage, int queuedPerSlot)
    {
        var first = stage.Tasks!.HasPreferences ? Locality.Worker : Locality.Any;
        for (var locality = first; locality <= TaskSet.AllowedLocality && stage.Tasks.PendingCount > 0; locality++)
        {
            FindCandidates(queuedPerSlot);
            while (stage.Tasks.PendingCount > 0 && _candidates.TryDequeue(out var worker, out _))
            {
                if (!stage.Tasks.TryTake(locality, worker, _now, _eligibleWorkerCount, out var position))
                {
                    continue;
                }

                Launch(stage, position, worker);
                if (worker.AssignedCount < CapacityOf(worker, queuedPerSlot))
                {
                    _candidates.Enqueue(worker, worker.Priority);
                }
            }
        }
    }

    private static long CapacityOf(WorkerState worker, int queuedPerSlot) => worker.SlotCount * (1L + queuedPerSlot);

    private void FindCandidates(int queuedPerSlot)
    {
        _candidates.Clear();
        if (queuedPerSlot == 0)
        {
            foreach (var worker in _freeWorkers)
            {
                _candidates.Enqueue(worker, worker.Priority);
            }

            return;
        }

        foreach (var worker in _workers.Values)
        {
            // A line is filled up when half of it is gone, so that tasks travel in groups.
            var isLow = worker.AssignedCount - worker.SlotCount <= (long)worker.SlotCount * queuedPerSlot / 2;
            if (isLow && !worker.IsBackedOff && worker.AssignedCount < CapacityOf(worker, queuedPerSlot))
            {
                _candidates.Enqueue(worker, worker.Priority);
            }
        }
    }

    private void Launch(StageState stage, int position, WorkerState worker)
    {
        var tasks = stage.Tasks!;
        var id = new TaskAttemptId(
            Application, stage.Info.StageId, stage.StageAttempt, tasks.PartitionOf(position), tasks.TakeAttemptNumber(position));
        var attempt = new AttemptState(id, stage, position, worker);
        tasks.Launch(position, attempt);
        worker.Add(attempt);
        worker.AssignedCount++;
        worker.LastUsed = ++_assignmentCount;
        stage.RunningCount++;
        stage.AttemptCount++;
        stage.LastActivity = _now;
        UpdateFree(worker);
        NoteProgress(stage);
        if (worker.Launching is null)
        {
            worker.Launching = [];
            _workersToLaunchOn.Add(worker);
        }

        worker.Launching.Add(new(id, stage.Info, attempt.MapOutputEpoch));
    }

    private void FlushLaunches()
    {
        foreach (var worker in _workersToLaunchOn)
        {
            _actions.Add(new LaunchTasks(worker.Id, worker.Launching!));
            worker.Launching = null;
        }

        _workersToLaunchOn.Clear();
    }

    private void CancelOn(WorkerState worker, TaskAttemptId attempt)
    {
        if (worker.Cancelling is null)
        {
            worker.Cancelling = [];
            _workersToCancelOn.Add(worker);
        }

        worker.Cancelling.Add(attempt);
    }

    private void FlushCancellations()
    {
        foreach (var worker in _workersToCancelOn)
        {
            if (worker.IsLive)
            {
                _actions.Add(new CancelTasks(worker.Id, worker.Cancelling!));
            }

            worker.Cancelling = null;
        }

        _workersToCancelOn.Clear();
    }
}
