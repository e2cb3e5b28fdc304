namespace Dpark.Scheduling;

// Tasks under which workers have died. They are as few as ran on those workers, so all of them are looked at.
internal sealed partial class TaskSet
{
    private List<int>? _suspects;

    /// <summary>Whether such tasks may be pending.</summary>
    public bool HasSuspects => _suspects is { Count: > 0 };

    /// <summary>A pending task under which two workers have died, or more; -1 if there is none.</summary>
    public int FindSpared()
    {
        foreach (var position in _suspects ?? [])
        {
            if (_entries[position] is { Status: TaskEntryStatus.Again, Troubles.LostWorkers.Count: > 1 })
            {
                return position;
            }
        }

        return -1;
    }

    /// <summary>Finds such a task for a worker. The caller launches it.</summary>
    /// <param name="isLastSpared">Those under which two workers have died may run on stand-ins only.</param>
    public bool TryTakeSuspect(WorkerState worker, bool isLastSpared, TimeSpan now, int eligibleWorkerCount, out int position)
    {
        for (var i = 0; i < _suspects?.Count; i++)
        {
            position = _suspects[i];
            ref var entry = ref _entries[position];
            if (entry.Status != TaskEntryStatus.Again)
            {
                _suspects.RemoveAt(i--);
                continue;
            }

            var isSpared = isLastSpared && entry.Troubles is { LostWorkers.Count: > 1 };
            if (isSpared == worker.IsStandIn && MayTake(position, entry.Troubles, worker, now, eligibleWorkerCount))
            {
                _suspects.RemoveAt(i);
                return true;
            }
        }

        position = -1;
        return false;
    }

    private bool MayTake(int position, TaskTroubles? troubles, WorkerState worker, TimeSpan now, int eligibleWorkerCount) => troubles is { NeedsMemory: true }
        ? MayHaveToItself(position, troubles, worker)
        : !IsReserved(worker) && MayRunOn(troubles, worker, now, eligibleWorkerCount);
}
