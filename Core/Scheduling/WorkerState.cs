using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Scheduling;

/// <summary>One live worker.</summary>
internal sealed class WorkerState(WorkerId id, string host, int ordinal)
{
    private AttemptState? _attempts;

    public WorkerId Id { get; } = id;

    public string Host { get; set; } = host;

    /// <summary>Order of joining; decides between equals, so that a replay decides the same.</summary>
    public int Ordinal { get; } = ordinal;

    /// <summary>It was started beside the last worker, for tasks that may kill their process.</summary>
    public bool IsStandIn { get; init; }

    public int SlotCount { get; set; }

    /// <summary>Attempts that hold a slot or wait for one there.</summary>
    public int AssignedCount { get; set; }

    /// <summary>Those of them under whose tasks workers have died.</summary>
    public int SuspectCount { get; set; }

    /// <summary>Memory of its process; 0 if that is not known.</summary>
    public long MemoryBytes { get; set; }

    /// <summary>It runs a task that has it to itself.</summary>
    public bool IsTaken { get; set; }

    public bool IsLive { get; set; } = true;

    /// <summary>It is counted among those that may get tasks.</summary>
    public bool IsCounted { get; set; }

    /// <summary>Place in the list of workers with a free slot; -1 if not there.</summary>
    public int FreeIndex { get; set; } = -1;

    /// <summary>Number of the last assignment, so that equals take turns.</summary>
    public long LastUsed { get; set; }

    /// <summary>It gets no tasks before this time.</summary>
    public TimeSpan BackoffUntil { get; set; }

    /// <summary>That time has not come yet.</summary>
    public bool IsBackedOff { get; set; }

    /// <summary>How long the last such time was; 0 if it took the last launch.</summary>
    public TimeSpan Backoff { get; set; }

    /// <summary>It gets no tasks of the application, because too many failed there.</summary>
    public bool IsLeftOut { get; set; }

    /// <summary>When that ends.</summary>
    public TimeSpan LeftOutUntil { get; set; }

    /// <summary>When tasks failed on it that succeeded elsewhere. As many as the limit at most.</summary>
    public Queue<TimeSpan> RecentFailures { get; } = new();

    /// <summary>Why it does not answer; <see langword="null"/> if it does.</summary>
    public string? Silence { get; set; }

    /// <summary>What the next <see cref="LaunchTasks"/> carries.</summary>
    public List<TaskAssignment>? Launching { get; set; }

    /// <summary>What the next <see cref="CancelTasks"/> carries.</summary>
    public List<TaskAttemptId>? Cancelling { get; set; }

    public bool HasAttempts => _attempts is not null;

    /// <summary>The attempt that was launched last; the others follow by <see cref="AttemptState.NextOnWorker"/>.</summary>
    public AttemptState? NewestAttempt => _attempts;

    public void Add(AttemptState attempt)
    {
        attempt.NextOnWorker = _attempts;
        if (_attempts is not null)
        {
            _attempts.PreviousOnWorker = attempt;
        }

        _attempts = attempt;
    }

    public void Remove(AttemptState attempt)
    {
        if (attempt.PreviousOnWorker is { } previous)
        {
            previous.NextOnWorker = attempt.NextOnWorker;
        }
        else
        {
            _attempts = attempt.NextOnWorker;
        }

        if (attempt.NextOnWorker is { } next)
        {
            next.PreviousOnWorker = attempt.PreviousOnWorker;
        }

        attempt.PreviousOnWorker = attempt.NextOnWorker = null;
    }

    /// <summary>All attempts, oldest first.</summary>
    public List<AttemptState> ListAttempts()
    {
        List<AttemptState> attempts = [];
        for (var attempt = _attempts; attempt is not null; attempt = attempt.NextOnWorker)
        {
            attempts.Add(attempt);
        }

        attempts.Reverse();
        return attempts;
    }

    /// <summary>How full it is, the emptiest first; equals by least recent use.</summary>
    public (long Load, long LastUsed, int Ordinal) Priority => (((long)AssignedCount << 20) / Math.Max(SlotCount, 1), LastUsed, Ordinal);
}
