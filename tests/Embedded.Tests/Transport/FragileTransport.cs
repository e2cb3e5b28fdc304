using System.Collections.Concurrent;
using System.Net;
using Orleans.Runtime;

namespace Dpark.Tests;

/// <summary>One host's way to a network, whose connections can be cut, and whose next attempt to connect can be made to cross another one.</summary>
internal sealed class FragileTransport(IMessageTransport network) : IMessageTransport
{
    private readonly ConcurrentDictionary<FragileConnection, bool> _open = new();
    private Meeting? _meeting;

    /// <summary>How many connections the host has, by its own count.</summary>
    public int OpenCount => _open.Count;

    public IDisposable Listen(IPEndPoint endpoint, Action<IMessageConnection> accept) => network.Listen(endpoint, connection => accept(Add(connection)));

    public async ValueTask<IMessageConnection> ConnectAsync(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        var connection = await network.ConnectAsync(endpoint, cancellationToken);
        if (Interlocked.Exchange(ref _meeting, null) is { } meeting)
        {
            await meeting.ArriveAsync();
        }

        return Add(connection);
    }

    /// <summary>Makes the next attempt wait, when it is connected and has said nothing, until all who meet are there.</summary>
    public void MeetAt(Meeting meeting) => Volatile.Write(ref _meeting, meeting);

    /// <summary>Closes all connections.</summary>
    public void Cut()
    {
        foreach (var connection in _open.Keys)
        {
            connection.Close();
        }
    }

    /// <summary>Ends all connections for this host. The other ends are not told.</summary>
    public void Lose()
    {
        foreach (var connection in _open.Keys)
        {
            connection.Lose();
        }
    }

    private FragileConnection Add(IMessageConnection connection)
    {
        var added = new FragileConnection(connection, ended => _open.TryRemove(ended, out _));
        _open.TryAdd(added, true);
        return added;
    }
}

/// <summary>Where attempts wait for each other.</summary>
internal sealed class Meeting(int count)
{
    private readonly TaskCompletionSource _met = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _missing = count;

    public Task ArriveAsync()
    {
        if (Interlocked.Decrement(ref _missing) == 0)
        {
            _met.SetResult();
        }

        return _met.Task;
    }
}

/// <summary>A connection that one end can lose without the other.</summary>
internal sealed class FragileConnection(IMessageConnection inner, Action<FragileConnection> onEnded) : IMessageConnection
{
    private Action _onClosed = static () => { };
    private int _hasEnded;

    public string RemoteName => inner.RemoteName;

    public Exception? Failure => inner.Failure;

    public bool IsCongested => inner.IsCongested;

    public bool IsPeerProven => inner.IsPeerProven;

    private bool IsLost => Volatile.Read(ref _hasEnded) != 0;

    public void Start(Action<ReadOnlyMemory<byte>> onFrame, Action onClosed, bool slowsPeer = false)
    {
        _onClosed = onClosed;
        inner.Start(
            frame =>
            {
                if (!IsLost)
                {
                    onFrame(frame);
                }
            },
            Lose,
            slowsPeer);
    }

    public bool TrySend(ReadOnlyMemory<byte> frame) => !IsLost && inner.TrySend(frame);

    public List<ReadOnlyMemory<byte>> TakeUnsent() => inner.TakeUnsent();

    public void Close() => inner.Close();

    public void Lose()
    {
        if (Interlocked.Exchange(ref _hasEnded, 1) == 0)
        {
            onEnded(this);
            _onClosed();
        }
    }
}
