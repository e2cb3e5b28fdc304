using System.Net;
using System.Text;

namespace Orleans.Runtime;

/// <summary>A client's connection to one gateway. Thread-safe.</summary>
internal sealed class GatewayLink
{
    private readonly IMessageConnection _connection;
    private readonly TaskCompletionSource<SiloAddress> _hello = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isLeaving;
    private volatile bool _isClosed;

    private GatewayLink(IMessageConnection connection, IPEndPoint endpoint)
    {
        _connection = connection;
        Endpoint = endpoint;
    }

    public IPEndPoint Endpoint { get; }

    /// <summary>The silo of the gateway.</summary>
    public SiloAddress Silo { get; private set; } = SiloAddress.Zero;

    /// <summary>Whether the gateway asked to send new requests elsewhere.</summary>
    public bool IsLeaving
    {
        get => _isLeaving;
        set => _isLeaving = value;
    }

    public bool IsClosed => _isClosed;

    /// <summary>Connects and exchanges names.</summary>
    /// <exception cref="Messaging.ConnectionFailedException">Nobody accepts at the endpoint, or the connection broke at once.</exception>
    /// <exception cref="TimeoutException">The gateway did not say its name in time.</exception>
    public static async Task<GatewayLink> ConnectAsync(
        IMessageTransport transport,
        IPEndPoint endpoint,
        GrainId client,
        Action<GatewayLink, ReadOnlyMemory<byte>> onFrame,
        Action<GatewayLink> onClosed,
        TimeSpan timeout,
        CancellationToken cancellationToken)
    {
        var connection = await transport.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
        var link = new GatewayLink(connection, endpoint);
        connection.Start(frame => link.OnFrame(frame, onFrame), () => link.OnClosed(onClosed));
        connection.TrySend(Encoding.UTF8.GetBytes(client.Key.ToString()));
        try
        {
            link.Silo = await link._hello.Task.WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
            return link;
        }
        catch
        {
            connection.Close();
            throw;
        }
    }

    public bool TrySend(byte[] frame) => !_isClosed && _connection.TrySend(frame);

    public void Close() => _connection.Close();

    private void OnFrame(ReadOnlyMemory<byte> frame, Action<GatewayLink, ReadOnlyMemory<byte>> onFrame)
    {
        if (_hello.Task.IsCompleted)
        {
            onFrame(this, frame);
        }
        else
        {
            _hello.TrySetResult(SiloAddress.FromUtf8String(frame.Span));
        }
    }

    private void OnClosed(Action<GatewayLink> onClosed)
    {
        _isClosed = true;
        if (!_hello.TrySetException(new Messaging.ConnectionFailedException($"Gateway {Endpoint} closed the connection before it said its name.")))
        {
            onClosed(this);
        }
    }
}
