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
    private int _isReported;

    public TaskLaunch Launch { get; } = launch;

    public TaskAttemptId Attempt => Launch.Attempt;

    public ApplicationAttempts Application { get; } = application;

    /// <summary>Timestamp at which the attempt was queued, or could start.</summary>
    public long QueuedAt { get; set; } = queuedAt;

    public TaskRunState State { get; set; }

    /// <summary>Set when the attempt starts to run.</summary>
    public CancellationTokenSource? Cancellation { get; set; }

    public bool IsCancelled { get; set; }

    /// <summary>Whoever gets <see langword="true"/> makes the attempt's only report. Needs no lock.</summary>
    public bool TryClaimReport() => Interlocked.Exchange(ref _isReported, 1) == 0;

    /// <summary>It was cancelled longer ago than the limit and still runs.</summary>
    public bool IsStuck { get; set; }

    /// <summary>Another thread has taken its slot, so its own one ends with it.</summary>
    public bool IsReplaced { get; set; }
}
