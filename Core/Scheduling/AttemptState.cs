using Dpark.Tasks;

namespace Dpark.Scheduling;

/// <summary>One attempt whose report is waited for. In two lists: of its task and of its worker.</summary>
internal sealed class AttemptState(TaskAttemptId id, StageState stage, int position, WorkerState worker, PoolState pool, TimeSpan launchedAt)
{
    public TaskAttemptId Id { get; } = id;

    public StageState Stage { get; } = stage;

    /// <summary>Index of the task in its <see cref="TaskSet"/>.</summary>
    public int Position { get; } = position;

    public WorkerState Worker { get; } = worker;

    /// <summary>The pool whose share it takes.</summary>
    public PoolState Pool { get; } = pool;

    public TimeSpan LaunchedAt { get; } = launchedAt;

    /// <summary>The map outputs it reads are at least this new.</summary>
    public long MapOutputEpoch { get; } = stage.InputEpoch;

    /// <summary>How often the stage's program had been stored again when it was launched.</summary>
    public int ProgramVersion { get; } = stage.ProgramVersion;

    /// <summary><see langword="false"/> once its launch is in doubt: another attempt takes its place, but a success of this one still counts.</summary>
    public bool HoldsSlot { get; set; } = true;

    /// <summary>It has its worker to itself.</summary>
    public bool IsAlone { get; init; }

    /// <summary>A worker had died under its task when it was launched.</summary>
    public bool IsSuspect { get; init; }

    public AttemptState? NextOfTask { get; set; }

    public AttemptState? NextOnWorker { get; set; }

    public AttemptState? PreviousOnWorker { get; set; }
}
