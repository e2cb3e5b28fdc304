namespace Dpark.Workers;

/// <summary>
/// The workers of the cluster, as the master knows them, with a version that grows with every change. Not thread-safe: its grain runs one turn at a time.
/// </summary>
internal sealed class WorkerRegistry
{
    private readonly List<WorkerInfo> _workers = [];
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Which registry this is: versions of different ones cannot be compared.</summary>
    public Guid Generation { get; } = Guid.NewGuid();

    /// <summary>Grows with every change; at least 1.</summary>
    public long Version { get; private set; } = 1;

    /// <summary>Completes at the next change.</summary>
    public Task Changed => _changed.Task;

    /// <summary>The workers now, in order of registration.</summary>
    public WorkerList Snapshot => new(Generation, Version, [.. _workers]);

    /// <summary>Adds a worker, or replaces what is known of it.</summary>
    /// <returns>Whether that was new.</returns>
    public bool Set(WorkerInfo worker)
    {
        var index = _workers.FindIndex(known => known.Id == worker.Id);
        if (index < 0)
        {
            _workers.Add(worker);
        }
        else if (_workers[index] == worker)
        {
            return false;
        }
        else
        {
            _workers[index] = worker;
        }

        Change();
        return true;
    }

    /// <summary>Removes workers.</summary>
    /// <returns>Those that were there.</returns>
    public WorkerInfo[] Remove(Predicate<WorkerInfo> isMeant)
    {
        var removed = _workers.FindAll(isMeant);
        if (removed.Count > 0)
        {
            _workers.RemoveAll(isMeant);
            Change();
        }

        return [.. removed];
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Change()
    {
        Version++;
        var changed = _changed;
        _changed = NewSignal();
        changed.SetResult();
    }
}
