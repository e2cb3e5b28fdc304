using System.Collections.Concurrent;

namespace Dpark.Clusters;

/// <summary>How a test and the tasks that it launched wait for each other: tasks get the id of the signal, because captured objects are copies.</summary>
internal sealed class Signals : IDisposable
{
    private static readonly ConcurrentDictionary<Guid, Signals> All = new();

    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    public Signals() => All[Id] = this;

    public Guid Id { get; } = Guid.NewGuid();

    /// <summary>How often <see cref="Count"/> was called.</summary>
    public int Counted => Volatile.Read(ref _count);

    /// <summary>A task has called <see cref="WaitForCancellation"/>.</summary>
    public Task Started => _started.Task.WaitAsync(GrainsCluster.Limit);

    /// <summary>The token of that task has fired.</summary>
    public Task Cancelled => _cancelled.Task.WaitAsync(GrainsCluster.Limit);

    /// <summary>Counts a call of a task.</summary>
    public static void Count(Guid id) => Interlocked.Increment(ref All[id]._count);

    /// <summary>Says that the task has started, and keeps it until it is cancelled.</summary>
    public static void WaitForCancellation(Guid id, CancellationToken cancellationToken)
    {
        var signals = All[id];
        signals._started.TrySetResult();
        Assert.True(cancellationToken.WaitHandle.WaitOne(GrainsCluster.Limit), "The task was not cancelled.");
        signals._cancelled.TrySetResult();
        cancellationToken.ThrowIfCancellationRequested();
    }

    public void Dispose() => All.TryRemove(Id, out _);
}
