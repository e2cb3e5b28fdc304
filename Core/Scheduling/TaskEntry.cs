namespace Dpark.Scheduling;

/// <summary>Where a task of a <see cref="TaskSet"/> is.</summary>
internal enum TaskEntryStatus : byte
{
    /// <summary>Not to be launched yet: the caller has not made room for its result.</summary>
    Held = 0,

    /// <summary>Was never launched, and can be.</summary>
    Fresh,

    /// <summary>Is to be launched once more.</summary>
    Again,

    /// <summary>An attempt holds a slot.</summary>
    Launched,

    /// <summary>Has its result.</summary>
    Done,

    /// <summary>Had its map output before the stage was started.</summary>
    Skipped,
}

/// <summary>One task of a <see cref="TaskSet"/>.</summary>
internal struct TaskEntry
{
    public TaskEntryStatus Status;

    /// <summary>Waits for a slot for a second attempt.</summary>
    public bool IsLate;

    /// <summary>The attempts whose reports are waited for.</summary>
    public AttemptState? Attempts;

    /// <summary>What went wrong; <see langword="null"/> if nothing did.</summary>
    public TaskTroubles? Troubles;
}

/// <summary>What went wrong with one task so far.</summary>
internal sealed class TaskTroubles
{
    public int Failures { get; set; }

    public FetchBlames FetchBlames { get; } = new();

    /// <summary>The workers that died while they ran it.</summary>
    public List<Workers.WorkerId> LostWorkers { get; } = [];

    public int LaunchFailures { get; set; }

    /// <summary>Memory was too short for it: the next attempt has a worker to itself.</summary>
    public bool NeedsMemory { get; set; }

    /// <summary>The worker that gets no other tasks of the stage until it is empty and takes this one.</summary>
    public WorkerState? Reserved { get; set; }

    /// <summary>Memory of the worker on which it failed alone; 0 if there is none. More is needed.</summary>
    public long TooFewBytes { get; set; }

    /// <summary>The workers on which it failed.</summary>
    public List<WorkerState> FailedOn { get; } = [];

    /// <summary>From then on it may run on any worker, also one on which it failed.</summary>
    public TimeSpan AnywhereAfter { get; set; }
}
