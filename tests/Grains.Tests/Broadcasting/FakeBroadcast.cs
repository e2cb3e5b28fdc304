namespace Dpark.Broadcasting;

/// <summary>One published thing in memory, which remembers what it is told.</summary>
internal sealed class FakeBroadcast : IBroadcastGrain
{
    private readonly TaskCompletionSource<BroadcastHolder> _added = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<Workers.WorkerId> _removed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _located;

    public BroadcastContent? Content { get; set; }

    public int LocatedCount => Volatile.Read(ref _located);

    /// <summary>Called with the number of the call, from 1, before it is answered.</summary>
    public Action<int> OnLocate { get; set; } = static _ => { };

    /// <summary>Called when a holder is added.</summary>
    public Action OnAdd { get; set; } = static () => { };

    /// <summary>The first holder that was added.</summary>
    public Task<BroadcastHolder> Added => _added.Task;

    /// <summary>The first holder that was removed.</summary>
    public Task<Workers.WorkerId> Removed => _removed.Task;

    public Task<BroadcastContent?> LocateAsync(CancellationToken cancellationToken)
    {
        OnLocate(Interlocked.Increment(ref _located));
        return Task.FromResult(Content);
    }

    public Task AddHolderAsync(BroadcastHolder holder, CancellationToken cancellationToken)
    {
        OnAdd();
        _added.TrySetResult(holder);
        return Task.CompletedTask;
    }

    public Task RemoveHolderAsync(Workers.WorkerId worker, CancellationToken cancellationToken)
    {
        _removed.TrySetResult(worker);
        return Task.CompletedTask;
    }

    public Task PublishAsync(BroadcastContent content, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task RemoveAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}
