namespace Dpark.Tasks;

/// <summary>Where one attempt is in the executor.</summary>
internal enum TaskRunState
{
    Queued,
    Running,
    Ended,
}

/// <summary>One attempt in the executor. All members but the token source are guarded by the executor's lock.</summary>
internal sealed class TaskRun(TaskLaunch launch, ApplicationAttempts application, long queuedAt)
{
    public TaskLaunch Launch { get; } = launch;

    public TaskAttemptId Attempt => Launch.Attempt;

    public ApplicationAttempts Application { get; } = application;

    /// <summary>Timestamp at which the attempt was queued.</summary>
    public long QueuedAt { get; } = queuedAt;

    public TaskRunState State { get; set; }

    /// <summary>Set when the attempt starts to run.</summary>
    public CancellationTokenSource? Cancellation { get; set; }

    public bool IsCancelled { get; set; }

    /// <summary>It was cancelled longer ago than the limit and still runs.</summary>
    public bool IsStuck { get; set; }
}
