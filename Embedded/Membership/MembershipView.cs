using System.Runtime.CompilerServices;

namespace Orleans.Runtime.MembershipService;

/// <summary>The newest snapshot that this silo knows. Thread-safe; versions only grow.</summary>
internal sealed class MembershipView
{
    private readonly Lock _gate = new();
    private volatile Node _current = new(ClusterMembershipSnapshot.Initial);

    /// <summary>
    /// Called for each newer snapshot, in order, before readers of <see cref="UpdatesAsync"/>. Handlers must be short and must not publish.
    /// </summary>
    public event Action<ClusterMembershipUpdate>? Changed;

    public ClusterMembershipSnapshot Current => _current.Snapshot;

    /// <summary>
    /// Takes a snapshot if it is newer. When this returns, all handlers of <see cref="Changed"/> have seen a snapshot that is at least as new.
    /// </summary>
    public bool TryPublish(ClusterMembershipSnapshot snapshot)
    {
        lock (_gate)
        {
            var previous = _current;
            if (snapshot.Version <= previous.Snapshot.Version)
            {
                return false;
            }

            var next = new Node(snapshot);
            _current = next;
            Changed?.Invoke(snapshot.CreateUpdate(previous.Snapshot));
            previous.Next.SetResult(next);
            return true;
        }
    }

    /// <summary>The newest snapshot, then each time the newest one. Ends with <see cref="OperationCanceledException"/>.</summary>
    public async IAsyncEnumerable<ClusterMembershipSnapshot> UpdatesAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var node = _current;
            yield return node.Snapshot;
            await node.Next.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private sealed class Node(ClusterMembershipSnapshot snapshot)
    {
        public ClusterMembershipSnapshot Snapshot { get; } = snapshot;

        public TaskCompletionSource<Node> Next { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
