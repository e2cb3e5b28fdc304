using System.Net;
using Orleans.Runtime;

namespace Dpark.Tests;

/// <summary>A network on which connections to one endpoint, or accepted there, can be made to send nothing any more.</summary>
internal sealed class StuckTransport(InMemoryTransport network, IPEndPoint endpoint) : IMessageTransport
{
    private StuckConnection? _last;

    public IDisposable Listen(IPEndPoint listening, Action<IMessageConnection> accept) => network.Listen(
        listening, listening.Equals(endpoint) ? connection => accept(_last = new StuckConnection(connection)) : accept);

    public async ValueTask<IMessageConnection> ConnectAsync(IPEndPoint target, CancellationToken cancellationToken)
    {
        var connection = await network.ConnectAsync(target, cancellationToken);
        return target.Equals(endpoint) ? _last = new StuckConnection(connection) : connection;
    }

    /// <summary>Makes the newest connection to the endpoint keep what it is to send.</summary>
    public StuckConnection Hold()
    {
        _last!.Hold();
        return _last;
    }
}

/// <summary>A connection that sends, until it is held; then it keeps frames until it ends.</summary>
internal sealed class StuckConnection(IMessageConnection inner) : IMessageConnection
{
    private readonly Lock _gate = new();
    private List<ReadOnlyMemory<byte>>? _held;
    private bool _isClosed;

    public string RemoteName => inner.RemoteName;

    public Exception? Failure => inner.Failure;

    public bool IsCongested => inner.IsCongested;

    public int HeldCount
    {
        get
        {
            lock (_gate)
            {
                return _held?.Count ?? 0;
            }
        }
    }

    public void Hold()
    {
        lock (_gate)
        {
            _held = [];
        }
    }

    public bool IsPeerProven => inner.IsPeerProven;

    public void Start(Action<ReadOnlyMemory<byte>> onFrame, Action onClosed, bool slowsPeer = false) => inner.Start(onFrame, onClosed, slowsPeer);

    public bool TrySend(ReadOnlyMemory<byte> frame)
    {
        lock (_gate)
        {
            if (_held is null || _isClosed)
            {
                return !_isClosed && inner.TrySend(frame);
            }

            _held.Add(frame);
            return true;
        }
    }

    public List<ReadOnlyMemory<byte>> TakeUnsent()
    {
        lock (_gate)
        {
            var unsent = _held ?? [];
            _held = null;
            return unsent;
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
        }

        inner.Close();
    }
}
