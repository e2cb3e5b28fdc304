using Dpark.Configuration;
using Dpark.Tasks;

namespace Dpark.Scheduling;

public sealed partial class JobScheduler
{
    private readonly List<WorkerState> _freeWorkers = [];
    private readonly List<WorkerState> _workersToLaunchOn = [];
    private readonly List<WorkerState> _workersToCancelOn = [];
    private readonly PriorityQueue<WorkerState, (long Load, long LastUsed, int Ordinal)> _candidates = new();
    private long _assignmentCount;

    private static bool HasFreeSlot(WorkerState worker) =>
        !worker.IsStandIn && HasRoom(worker);

    private static bool HasRoom(WorkerState worker) =>
        worker is { IsLive: true, IsBackedOff: false, IsLeftOut: false, IsTaken: false } && worker.AssignedCount < worker.SlotCount;

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

        PlaceOnStandIns();
        if (_options.Mode == SchedulingMode.Fair)
        {
            PlaceFairly();
        }

        PlaceInOrder();
        _runnable.ForgetSnapshot();
    }

    private void PlaceInOrder()
    {
        foreach (var stage in _runnable.Snapshot())
        {
            if (_freeWorkers.Count > 0 && _options.Mode == SchedulingMode.Fifo)
            {
                Place(stage, queuedPerSlot: 0, int.MaxValue);
            }

            if (stage.Tasks!.PendingCount > 0 && QueuedPerSlot(stage) is var queued and > 0)
            {
                Place(stage, queued, int.MaxValue);
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

    /// <param name="most">Tasks to launch at most.</param>
    /// <returns>Tasks launched.</returns>
    private int Place(StageState stage, int queuedPerSlot, int most)
    {
        var tasks = stage.Tasks!;
        var first = tasks.HasPreferences ? Locality.Worker : Locality.NoPreference;
        var allowed = Locality.Worker;
        var nearest = Locality.Any;
        var launched = 0;
        for (var locality = first; locality <= Locality.Any && tasks.PendingCount > 0 && launched < most; locality++)
        {
            // Asked at each step, because the last task that waits for a nearer place may just have been launched.
            allowed = AllowedLocality(stage);
            if (locality > allowed && locality != Locality.NoPreference)
            {
                continue;
            }

            var count = PlaceAt(stage, locality, queuedPerSlot, most - launched);
            nearest = count > 0 && locality < nearest ? locality : nearest;
            launched += count;
        }

        if (queuedPerSlot == 0)
        {
            launched += tasks.HasSuspects && launched < most ? PlaceSuspects(stage, most - launched) : 0;
            launched += tasks.LateCount > 0 ? PlaceLate(stage, most - launched) : 0;
            NoteLocality(stage, allowed, nearest);
        }

        return launched;
    }

    private int PlaceAt(StageState stage, Locality locality, int queuedPerSlot, int most)
    {
        var launched = 0;
        FindCandidates(queuedPerSlot);
        while (launched < most && stage.Tasks!.PendingCount > 0 && _candidates.TryDequeue(out var worker, out _))
        {
            if (stage.LeavesOut(worker, _now) || !stage.Tasks.TryTake(locality, worker, _now, _eligibleWorkerCount, out var position))
            {
                continue;
            }

            Launch(stage, position, worker);
            launched++;
            if (!worker.IsTaken && worker.AssignedCount < CapacityOf(worker, queuedPerSlot))
            {
                _candidates.Enqueue(worker, worker.Priority);
            }
        }

        return launched;
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
            if (isLow && worker is { IsBackedOff: false, IsLeftOut: false, IsTaken: false, IsStandIn: false } && worker.AssignedCount < CapacityOf(worker, queuedPerSlot))
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
        var isAlone = worker.AssignedCount == 0 && tasks[position].Troubles is { NeedsMemory: true };
        var attempt = new AttemptState(id, stage, position, worker, stage.Pool, _now)
        {
            IsAlone = isAlone,
            IsSuspect = tasks[position].Troubles is { LostWorkers.Count: > 0 },
        };
        worker.IsTaken = isAlone;
        tasks.Launch(position, attempt);
        worker.Add(attempt);
        worker.AssignedCount++;
        worker.SuspectCount += attempt.IsSuspect ? 1 : 0;
        worker.LastUsed = ++_assignmentCount;
        stage.RunningCount++;
        stage.AttemptCount++;
        attempt.Pool.RunningCount++;
        if (stage.ReadsIndeterminate)
        {
            foreach (var parent in stage.Parents)
            {
                parent.Output!.WasRead = true;
            }
        }

        stage.LastActivity = _now;
        UpdateFree(worker);
        NoteProgress(stage);
        NoteLaunch();
        if (worker.Launching is null)
        {
            worker.Launching = [];
            _workersToLaunchOn.Add(worker);
        }

        worker.Launching.Add(new(id, stage.Info, attempt.MapOutputEpoch) { Awaits = stage.AheadOf?.Output!.Id });
        if (tasks.PendingCount == 0 && stage.Output is not null)
        {
            _mayBeFollowed.Add(stage);
        }
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
