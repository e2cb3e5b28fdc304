using System.Net;

namespace Orleans.Runtime;

/// <summary>A client's connection to one gateway. Thread-safe.</summary>
internal sealed class GatewayLink
{
    private OutgoingConnection? _connection;
    private volatile bool _isLeaving;

    private GatewayLink(IPEndPoint endpoint) => Endpoint = endpoint;

    public IPEndPoint Endpoint { get; }

    /// <summary>The silo of the gateway.</summary>
    public SiloAddress Silo => Connection.Silo;

    /// <summary>Whether the gateway asked to send new requests elsewhere.</summary>
    public bool IsLeaving
    {
        get => _isLeaving;
        set => _isLeaving = value;
    }

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
            transport, endpoint, greeting, frame => onFrame(link, frame), _ => onClosed(link), timeout, cancellationToken).ConfigureAwait(false);
        return link;
    }

    /// <summary>See <see cref="IMessageConnection.TakeUnsent"/>.</summary>
    public List<ReadOnlyMemory<byte>> TakeUnsent() => Connection.TakeUnsent();

    public bool TrySend(ReadOnlyMemory<byte> frame) => Connection.TrySend(frame);

    public void Close() => Connection.Close();
}
