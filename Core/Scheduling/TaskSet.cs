namespace Dpark.Scheduling;

/// <summary>The tasks of one run of a stage, and which of them can be launched next. Every operation takes constant time, amortised.</summary>
/// <remarks>
/// A task is known by its position: of a result stage the position in the order that the caller asked for, of a map stage the map index. Fresh tasks
/// wait in one of two queues, those that prefer a place that is there and the others, and also in one for each place they prefer; an entry of a task that
/// has been launched meanwhile is skipped when it comes up.
/// </remarks>
internal sealed partial class TaskSet
{
    // Tasks at the head of the line that may not run on the asking worker. Looking further would cost too much per slot.
    private const int MaxRetriesScanned = 16;

    private readonly TaskEntry[] _entries;
    private readonly int[] _nextAttempts;
    private readonly IReadOnlyList<int>? _partitions;
    private readonly Dictionary<int, int>? _positions;
    private readonly Func<int, IReadOnlyList<string>>? _preferredLocations;
    private readonly Queue<int> _unplaced = new();
    private readonly Queue<int> _placed = new();
    private readonly LinkedList<int> _again = new();
    private Dictionary<string, Queue<int>>? _preferred;
    private int _admittedCount;
    private int? _reserved;

    /// <param name="count">Tasks.</param>
    /// <param name="partitions">Partition of each position; <see langword="null"/> if they are equal.</param>
    /// <param name="nextAttempts">Number of the next attempt by position.</param>
    public TaskSet(int count, IReadOnlyList<int>? partitions, int[] nextAttempts, Func<int, IReadOnlyList<string>>? preferredLocations)
    {
        _entries = new TaskEntry[count];
        _nextAttempts = nextAttempts;
        _partitions = partitions;
        _preferredLocations = preferredLocations;
        if (partitions is not null)
        {
            _positions = new(count);
            for (var position = 0; position < count; position++)
            {
                _positions.Add(partitions[position], position);
            }
        }
    }

    public int Count => _entries.Length;

    /// <summary>Tasks that can be launched.</summary>
    public int PendingCount { get; private set; }

    /// <summary>Tasks with an attempt that holds a slot.</summary>
    public int LaunchedCount { get; private set; }

    public int DoneCount { get; private set; }

    public int SkippedCount { get; private set; }

    /// <summary>Attempts that failed.</summary>
    public int FailedCount { get; set; }

    public bool IsDone => DoneCount + SkippedCount == Count;

    /// <summary>Whether tasks that prefer a place may be pending.</summary>
    public bool HasPreferences => _preferred is not null;

    public ref TaskEntry this[int position] => ref _entries[position];

    public int PartitionOf(int position) => _partitions is null ? position : _partitions[position];

    public int TakeAttemptNumber(int position) => _nextAttempts[position]++;

    public bool TryGetPosition(int partition, out int position)
    {
        if (_positions is not null)
        {
            return _positions.TryGetValue(partition, out position);
        }

        position = partition;
        return (uint)partition < (uint)_entries.Length;
    }

    /// <summary>The task has what it would make. Only before it is admitted.</summary>
    public void Skip(int position)
    {
        _entries[position].Status = TaskEntryStatus.Skipped;
        SkippedCount++;
    }

    /// <summary>Allows the tasks below a position to be launched.</summary>
    /// <param name="isThere">Whether a place that a task prefers has slots. A task waits only for places that have.</param>
    public void AdmitBelow(int limit, Func<string, bool> isThere)
    {
        for (; _admittedCount < Math.Min(limit, Count); _admittedCount++)
        {
            ref var entry = ref _entries[_admittedCount];
            if (entry.Status != TaskEntryStatus.Held)
            {
                continue;
            }

            entry.Status = TaskEntryStatus.Fresh;
            PendingCount++;
            var queue = _preferredLocations is not null && AddPreferences(_admittedCount, isThere) ? _placed : _unplaced;
            queue.Enqueue(_admittedCount);
        }
    }

    /// <summary>Finds a task for a worker. The caller launches it.</summary>
    /// <param name="eligibleWorkerCount">Workers with slots, this one among them.</param>
    public bool TryTake(Locality locality, WorkerState worker, TimeSpan now, int eligibleWorkerCount, out int position)
    {
        if (locality != Locality.NoPreference && IsReserved(worker))
        {
            position = -1;
            return false;
        }

        return TryTakeAt(locality, worker, now, eligibleWorkerCount, out position);
    }

    private bool TryTakeAt(Locality locality, WorkerState worker, TimeSpan now, int eligibleWorkerCount, out int position) => locality switch
    {
        Locality.Worker => TryTakePreferred(worker.Id.Value, out position),
        Locality.Host => TryTakePreferred(worker.Host, out position),
        Locality.NoPreference => TryTakeAgain(worker, now, eligibleWorkerCount, out position) || (!IsReserved(worker) && TryTakeFresh(_unplaced, out position)),
        _ => TryTakeFresh(_placed, out position),
    };

    /// <summary>A pending task that had too little memory on a worker as large as any that is there; -1 if there is none.</summary>
    public int FindTooLarge(long largestBytes)
    {
        foreach (var position in _suspects is null ? _again : _again.Concat(_suspects))
        {
            if (_entries[position] is { Status: TaskEntryStatus.Again, Troubles.TooFewBytes: > 0 and var bytes } && bytes >= largestBytes)
            {
                return position;
            }
        }

        return -1;
    }

    /// <summary>Whether a fresh task prefers one of some places.</summary>
    public bool HasFreshNear(Func<string, bool> isPlace)
    {
        if (_preferred is null)
        {
            return false;
        }

        foreach (var (place, queue) in _preferred)
        {
            while (queue.TryPeek(out var position) && _entries[position].Status != TaskEntryStatus.Fresh)
            {
                queue.Dequeue();
            }

            if (queue.Count > 0 && isPlace(place))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Notes an attempt of a task: of one that was pending, or a second one of a task that is launched already.</summary>
    public void Launch(int position, AttemptState attempt)
    {
        ref var entry = ref _entries[position];
        attempt.NextOfTask = entry.Attempts;
        entry.Attempts = attempt;
        if (entry.Status == TaskEntryStatus.Launched)
        {
            return;
        }

        entry.Status = TaskEntryStatus.Launched;
        PendingCount--;
        LaunchedCount++;
    }

    /// <summary>Stops waiting for an attempt's report. Its task keeps its status.</summary>
    public void Remove(AttemptState attempt)
    {
        ref var entry = ref _entries[attempt.Position];
        if (entry.Attempts == attempt)
        {
            entry.Attempts = attempt.NextOfTask;
        }
        else
        {
            var previous = entry.Attempts!;
            while (previous.NextOfTask != attempt)
            {
                previous = previous.NextOfTask!;
            }

            previous.NextOfTask = attempt.NextOfTask;
        }

        attempt.NextOfTask = null;
    }

    /// <summary>Has a launched task launched once more, unless another of its attempts holds a slot.</summary>
    /// <returns>Whether it is pending now and was not before.</returns>
    public bool Retry(int position)
    {
        ref var entry = ref _entries[position];
        if (entry.Status != TaskEntryStatus.Launched)
        {
            return false;
        }

        for (var attempt = entry.Attempts; attempt is not null; attempt = attempt.NextOfTask)
        {
            if (attempt.HoldsSlot)
            {
                return false;
            }
        }

        LaunchedCount--;
        Unspeculate(ref entry, position);
        MakePending(ref entry, position);
        return true;
    }

    /// <summary>The task has its result.</summary>
    public void Finish(int position)
    {
        ref var entry = ref _entries[position];
        Unspeculate(ref entry, position);
        if (entry.Status == TaskEntryStatus.Launched)
        {
            LaunchedCount--;
        }
        else
        {
            // An attempt whose launch was in doubt succeeded after all.
            PendingCount--;
        }

        entry.Status = TaskEntryStatus.Done;
        entry.Troubles = null;
        DoneCount++;
    }

    /// <summary>The map output of a finished task was lost.</summary>
    public void Reopen(int position)
    {
        ref var entry = ref _entries[position];
        switch (entry.Status)
        {
            case TaskEntryStatus.Done:
                DoneCount--;
                break;
            case TaskEntryStatus.Skipped:
                SkippedCount--;
                break;
            default:
                return;
        }

        MakePending(ref entry, position);
    }

    /// <summary>Checks the counters against the entries. For tests.</summary>
    public void AssertConsistent(string name)
    {
        var (pending, launched, done, skipped) = (0, 0, 0, 0);
        foreach (ref readonly var entry in _entries.AsSpan())
        {
            pending += entry.Status is TaskEntryStatus.Fresh or TaskEntryStatus.Again ? 1 : 0;
            launched += entry.Status == TaskEntryStatus.Launched ? 1 : 0;
            done += entry.Status == TaskEntryStatus.Done ? 1 : 0;
            skipped += entry.Status == TaskEntryStatus.Skipped ? 1 : 0;
        }

        if ((pending, launched, done, skipped) != (PendingCount, LaunchedCount, DoneCount, SkippedCount))
        {
            throw new InvalidOperationException(
                $"{name} counts {PendingCount} pending, {LaunchedCount} launched, {DoneCount} done and {SkippedCount} skipped tasks, " +
                $"but has {pending}, {launched}, {done} and {skipped}.");
        }
    }

    private void MakePending(ref TaskEntry entry, int position)
    {
        entry.Status = TaskEntryStatus.Again;
        PendingCount++;
        if (entry.Troubles is { LostWorkers.Count: > 0 })
        {
            (_suspects ??= []).Add(position);
        }
        else
        {
            _again.AddLast(position);
        }
    }

    private bool AddPreferences(int position, Func<string, bool> isThere)
    {
        var isAnyThere = false;
        foreach (var location in _preferredLocations!(PartitionOf(position)))
        {
            isAnyThere |= isThere(location);
            _preferred ??= new(StringComparer.OrdinalIgnoreCase);
            if (!_preferred.TryGetValue(location, out var queue))
            {
                _preferred.Add(location, queue = new());
            }

            queue.Enqueue(position);
        }

        return isAnyThere;
    }

    private bool TryTakePreferred(string location, out int position)
    {
        if (_preferred is not null && _preferred.TryGetValue(location, out var queue))
        {
            if (TryTakeFresh(queue, out position))
            {
                return true;
            }

            _preferred.Remove(location);
            if (_preferred.Count == 0)
            {
                _preferred = null;
            }
        }

        position = -1;
        return false;
    }

    /// <summary>Finds a task that was not launched yet, wherever it would rather run. The caller launches it.</summary>
    public bool TryTakeFresh(out int position) => TryTakeFresh(_placed, out position) || TryTakeFresh(_unplaced, out position);

    private bool TryTakeFresh(Queue<int> queue, out int position)
    {
        while (queue.TryDequeue(out position))
        {
            if (_entries[position].Status == TaskEntryStatus.Fresh)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a worker is being emptied for a task that needs it to itself.</summary>
    private bool IsReserved(WorkerState worker)
    {
        if (_reserved is not { } position)
        {
            return false;
        }

        if (_entries[position] is { Status: TaskEntryStatus.Again, Troubles.Reserved: { IsLive: true, SlotCount: > 0, IsLeftOut: false } reserved })
        {
            return reserved == worker;
        }

        _reserved = null;
        return false;
    }

    /// <summary>Whether a worker is empty and large enough for a task that had too little memory. If it is only not empty, it is reserved, one at a time.</summary>
    private bool MayHaveToItself(int position, TaskTroubles troubles, WorkerState worker)
    {
        if (worker.MemoryBytes <= troubles.TooFewBytes && troubles.TooFewBytes > 0)
        {
            return false;
        }

        if (worker.AssignedCount == 0)
        {
            return true;
        }

        if (_reserved is null)
        {
            troubles.Reserved = worker;
            _reserved = position;
        }

        return false;
    }

    private bool TryTakeAgain(WorkerState worker, TimeSpan now, int eligibleWorkerCount, out int position)
    {
        var node = _again.First;
        for (var scanned = 0; node is not null && scanned < MaxRetriesScanned;)
        {
            var next = node.Next;
            position = node.Value;
            ref var entry = ref _entries[position];
            if (entry.Status != TaskEntryStatus.Again)
            {
                _again.Remove(node);
            }
            else if (MayTake(position, entry.Troubles, worker, now, eligibleWorkerCount))
            {
                _again.Remove(node);
                return true;
            }
            else
            {
                scanned++;
            }

            node = next;
        }

        position = -1;
        return false;
    }

    private static bool MayRunOn(TaskTroubles? troubles, WorkerState worker, TimeSpan now, int eligibleWorkerCount)
    {
        if (troubles is null || now >= troubles.AnywhereAfter || !troubles.FailedOn.Contains(worker))
        {
            return true;
        }

        var failedWorkerCount = 0;
        foreach (var failed in troubles.FailedOn)
        {
            failedWorkerCount += failed.IsLive && failed.SlotCount > 0 ? 1 : 0;
        }

        return failedWorkerCount >= eligibleWorkerCount;
    }
}
