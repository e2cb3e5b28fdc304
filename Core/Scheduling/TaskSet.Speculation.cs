namespace Dpark.Scheduling;

// Second attempts of tasks that are late. A task has at most two attempts that hold slots, never on one worker.
internal sealed partial class TaskSet
{
    private List<int>? _late;

    /// <summary>Tasks that wait for a slot for a second attempt.</summary>
    public int LateCount => _late?.Count ?? 0;

    /// <summary>Has a second attempt of a task launched on another worker, unless there is one, or one is wanted already.</summary>
    /// <returns>Whether that is new.</returns>
    public bool Speculate(int position)
    {
        ref var entry = ref _entries[position];
        if (entry.Status != TaskEntryStatus.Launched || entry.IsLate || entry.Troubles is { LostWorkers.Count: > 1 } || CountHolders(entry) != 1)
        {
            return false;
        }

        entry.IsLate = true;
        (_late ??= []).Add(position);
        return true;
    }

    /// <summary>Finds a task for a second attempt on a worker that has none of it. The caller launches it.</summary>
    public bool TryTakeLate(WorkerState worker, TimeSpan now, int eligibleWorkerCount, out int position)
    {
        for (var i = 0; i < LateCount && i < MaxRetriesScanned; i++)
        {
            position = _late![i];
            ref var entry = ref _entries[position];
            if (!IsOn(entry, worker) && MayRunOn(entry.Troubles, worker, now, eligibleWorkerCount))
            {
                _late.RemoveAt(i);
                entry.IsLate = false;
                return true;
            }
        }

        position = -1;
        return false;
    }

    private void Unspeculate(ref TaskEntry entry, int position)
    {
        if (entry.IsLate)
        {
            entry.IsLate = false;
            _late!.Remove(position);
        }
    }

    private static int CountHolders(in TaskEntry entry)
    {
        var count = 0;
        for (var attempt = entry.Attempts; attempt is not null; attempt = attempt.NextOfTask)
        {
            count += attempt.HoldsSlot ? 1 : 0;
        }

        return count;
    }

    private static bool IsOn(in TaskEntry entry, WorkerState worker)
    {
        for (var attempt = entry.Attempts; attempt is not null; attempt = attempt.NextOfTask)
        {
            if (attempt.Worker == worker)
            {
                return true;
            }
        }

        return false;
    }
}
