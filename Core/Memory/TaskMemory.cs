using Dpark.Tasks;

namespace Dpark.Memory;

/// <summary>What one attempt holds of its worker's budget. Used by the attempt's thread; closed when it ends.</summary>
public sealed class TaskMemory : IDisposable
{
    private readonly WorkerMemory _worker;
    private readonly Lock _gate = new();
    private List<MemoryClaim>? _claims;

    internal TaskMemory(WorkerMemory worker, TaskAttemptId attempt, CancellationToken cancellationToken)
    {
        _worker = worker;
        Attempt = attempt;
        CancellationToken = cancellationToken;
    }

    /// <summary>Whose memory it is.</summary>
    public TaskAttemptId Attempt { get; }

    /// <summary>Bytes held now, and by whom of the attempt.</summary>
    public long HeldBytes { get; internal set; }

    /// <summary>Ends waits for memory.</summary>
    internal CancellationToken CancellationToken { get; }

    /// <summary>It counts among those that share. Guarded by the worker's lock.</summary>
    internal bool IsActive { get; set; }

    /// <summary>Gives everything back.</summary>
    public void Dispose() => _worker.Close(this);

    /// <summary>Memory of an attempt on a worker that refuses nothing.</summary>
    internal static TaskMemory Unlimited(TaskAttemptId attempt) => WorkerMemory.Unlimited.Open(attempt);

    /// <summary>Begins to count for something that grows.</summary>
    /// <param name="purpose">What it is, for messages, such as <c>sorting for shuffle-3</c>.</param>
    /// <param name="limit">Most bytes that it may ever hold.</param>
    internal MemoryClaim Claim(string purpose, long limit = long.MaxValue)
    {
        var claim = new MemoryClaim(_worker, this, purpose, limit);
        lock (_gate)
        {
            (_claims ??= []).Add(claim);
        }

        return claim;
    }

    internal void Forget(MemoryClaim claim)
    {
        lock (_gate)
        {
            _claims!.Remove(claim);
        }
    }

    /// <summary>What it is held for, for a message of any thread; approximate while the attempt runs.</summary>
    internal string DescribeClaims()
    {
        lock (_gate)
        {
            var held = (_claims ?? []).Where(claim => claim.HeldBytes > 0).Select(claim => $"{claim.Purpose} {ByteText.Of(claim.HeldBytes)}").ToArray();
            return held.Length == 0 ? "" : $" ({string.Join(", ", held)})";
        }
    }
}
