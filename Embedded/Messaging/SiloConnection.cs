namespace Orleans.Runtime;

/// <summary>A connection with another silo, which either side has begun. Messages go both ways, unless the one that accepted it cannot know to whom it would send. Thread-safe.</summary>
/// <param name="isOwn">Whether this side has begun it.</param>
internal sealed class SiloConnection(bool isOwn)
{
    private readonly TaskCompletionSource _lastHeard = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IMessageConnection? _connection;
    private volatile bool _isClosed;

    /// <summary>Whether this side has begun it.</summary>
    public bool IsOwn => isOwn;

    /// <summary>Which of the attempts it is of the side that has begun it, from 1.</summary>
    public long Attempt { get; set; }

    /// <summary>Whether it was begun by this side and nothing comes over it.</summary>
    public bool IsOneWay { get; set; }

    /// <summary>What notes that something came; null: not known whom to note it for.</summary>
    public SiloTraffic.Source? Source { get; set; }

    /// <summary>Whether it has ended, or has not been made yet.</summary>
    public bool IsClosed => _isClosed || _connection is null;

    /// <summary>See <see cref="IMessageConnection.IsCongested"/>.</summary>
    public bool IsCongested => _connection?.IsCongested is true;

    /// <summary>Completes when the other silo has said that it sends no more requests over it, or it has ended.</summary>
    public Task LastHeard => _lastHeard.Task;

    /// <summary>Tells what it is made of. May be told again.</summary>
    public void Attach(IMessageConnection connection) => _connection = connection;

    /// <summary>See <see cref="IMessageConnection.TrySend"/>.</summary>
    public bool TrySend(ReadOnlyMemory<byte> frame) => _connection is { } connection && !_isClosed && connection.TrySend(frame);

    /// <summary>Takes back the messages that were handed over and certainly not sent, in order.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> TakeUnsent() => _connection?.TakeUnsent().Where(frame => !Greeting.IsGreeting(frame.Span)) ?? [];

    /// <summary>See <see cref="IMessageConnection.Close"/>.</summary>
    public void Close() => _connection?.Close();

    /// <summary>The other silo has sent its last request.</summary>
    public void OnFarewell() => _lastHeard.TrySetResult();

    /// <summary>It has ended.</summary>
    public void OnClosed()
    {
        _isClosed = true;
        _lastHeard.TrySetResult();
    }
}
