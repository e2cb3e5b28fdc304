using Dpark.Applications;

namespace Dpark.Tasks;

/// <summary>The attempts of one application that an executor has, and those it had of late. Guarded by the executor's lock.</summary>
/// <param name="remembered">Most ended attempts that are remembered.</param>
internal sealed class ApplicationAttempts(AppId application, int remembered)
{
    private readonly Dictionary<Key, TaskRun> _live = [];
    private readonly RecentSet<Key> _ended = new(remembered);
    private TaskCompletionSource? _idle;

    public AppId Application { get; } = application;

    /// <summary>The newest epoch of the application's driver that a command carried.</summary>
    public long Epoch { get; private set; }

    /// <summary>Nothing is reported for an ended application.</summary>
    public bool HasEnded { get; set; }

    public IEnumerable<TaskRun> Live => _live.Values;

    /// <returns><see langword="false"/> if the epoch is older than one seen before.</returns>
    public bool TryEnter(long epoch)
    {
        if (epoch < Epoch)
        {
            return false;
        }

        Epoch = epoch;
        return true;
    }

    public bool Knows(in TaskAttemptId attempt)
    {
        var key = new Key(attempt);
        return _live.ContainsKey(key) || _ended.Contains(key);
    }

    public void Add(TaskRun run) => _live.Add(new(run.Attempt), run);

    public TaskRun? Find(in TaskAttemptId attempt) => _live.GetValueOrDefault(new(attempt));

    public void End(TaskRun run)
    {
        var key = new Key(run.Attempt);
        _live.Remove(key);
        _ended.Add(key);
        if (_live.Count == 0)
        {
            _idle?.TrySetResult();
        }
    }

    /// <summary>Completes when there is no live attempt. For an ended application, which gets no new ones.</summary>
    public Task WhenIdle()
    {
        if (_live.Count == 0)
        {
            return Task.CompletedTask;
        }

        _idle ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
        return _idle.Task;
    }

    /// <summary>An attempt id without the application, which would be hashed for nothing.</summary>
    private readonly record struct Key(int StageId, int StageAttempt, int PartitionIndex, int Attempt)
    {
        public Key(in TaskAttemptId id)
            : this(id.StageId, id.StageAttempt, id.PartitionIndex, id.Attempt)
        {
        }
    }
}
