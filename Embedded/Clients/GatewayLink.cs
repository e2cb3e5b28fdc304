using System.Net;

namespace Orleans.Runtime;

/// <summary>A client's connection to one gateway. Thread-safe.</summary>
internal sealed class GatewayLink
{
    private readonly Lock _gate = new();
    private OutgoingConnection? _connection;
    private volatile bool _isLeaving;

    private GatewayLink(IPEndPoint endpoint) => Endpoint = endpoint;

    public IPEndPoint Endpoint { get; }

    /// <summary>The silo of the gateway.</summary>
    public SiloAddress Silo => Connection.Silo;

    /// <summary>Whether the gateway asked to send new requests elsewhere.</summary>
    public bool IsLeaving => _isLeaving;

    public bool IsClosed => Connection.IsClosed;

    /// <summary>Whether so much waits for the gateway that requests should be refused.</summary>
    public bool IsCongested => Connection.IsCongested;

    private OutgoingConnection Connection => _connection ?? throw new InvalidOperationException($"Gateway {Endpoint} is not connected yet.");

    /// <summary>Connects and exchanges names.</summary>
    /// <param name="onClosed">Called when the connection ends, perhaps before this method returns; see <see cref="IsClosed"/>.</param>
    /// <exception cref="Messaging.ConnectionFailedException">Nobody accepts at the endpoint, or answers in time, or it does not let this client in.</exception>
    public static async Task<GatewayLink> ConnectAsync(
        IMessageTransport transport,
        IPEndPoint endpoint,
        Greeting greeting,
        Action<GatewayLink, ReadOnlyMemory<byte>> onFrame,
        Action<GatewayLink> onClosed,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        var link = new GatewayLink(endpoint);
        link._connection = await OutgoingConnection.OpenAsync(
            transport,
            endpoint,
            greeting,
            (connection, frame) =>
            {
                // A gateway that leaves says so at once, and that must not be missed.
                link._connection ??= connection;
                onFrame(link, frame);
            },
            _ => onClosed(link),
            timeout,
            cancellationToken).ConfigureAwait(false);
        return link;
    }

    /// <summary>See <see cref="IMessageConnection.TakeUnsent"/>.</summary>
    public List<ReadOnlyMemory<byte>> TakeUnsent() => Connection.TakeUnsent();

    /// <summary>Sends nothing new any more, and tells the gateway so.</summary>
    /// <param name="confirmation">What tells it.</param>
    public void Leave(ReadOnlyMemory<byte> confirmation)
    {
        lock (_gate)
        {
            _isLeaving = true;
            Connection.TrySend(confirmation);
        }
    }

    /// <summary>Sends a frame, unless the gateway leaves. False: it was not sent.</summary>
    public bool TrySend(ReadOnlyMemory<byte> frame)
    {
        // The gateway counts on the confirmation being the last it hears.
        lock (_gate)
        {
            return !_isLeaving && Connection.TrySend(frame);
        }
    }

    /// <summary>Sends a frame through a gateway that leaves, since there is no other one. It answers as long as it can.</summary>
    public bool TrySendLate(ReadOnlyMemory<byte> frame) => Connection.TrySend(frame);

    public void Close() => Connection.Close();
}
