using System.Net;

namespace Orleans.Runtime;

/// <summary>How frames get from one process to another: the seam between messaging and the network.</summary>
internal interface IMessageTransport
{
    /// <summary>Accepts connections at an endpoint until the result is disposed.</summary>
    /// <param name="accept">Called for each connection, on any thread; it starts it.</param>
    /// <exception cref="Messaging.ConnectionFailedException">The endpoint is taken.</exception>
    IDisposable Listen(IPEndPoint endpoint, Action<IMessageConnection> accept);

    /// <summary>Connects to an endpoint.</summary>
    /// <exception cref="Messaging.ConnectionFailedException">Nobody accepts there.</exception>
    ValueTask<IMessageConnection> ConnectAsync(IPEndPoint endpoint, CancellationToken cancellationToken);

    /// <summary>Whether the machine of an endpoint says that nobody listens there. False if it says nothing, and where a network cannot tell.</summary>
    ValueTask<bool> IsRefusedAsync(IPEndPoint endpoint, CancellationToken cancellationToken) => new(false);
}

/// <summary>A connection: frames in order both ways until one side closes it or it breaks. Thread-safe.</summary>
internal interface IMessageConnection
{
    /// <summary>The other end, for logs.</summary>
    string RemoteName { get; }

    /// <summary>What has broken it; null while it is open, and if one side has closed it.</summary>
    Exception? Failure { get; }

    /// <summary>Whether so much waits to be sent that nothing should be added that can be refused instead.</summary>
    bool IsCongested { get; }

    /// <summary>Whether the other end has proven who it is, or nobody is asked to.</summary>
    bool IsPeerProven { get; }

    /// <summary>Begins to receive. Called once.</summary>
    /// <param name="onFrame">Called for one frame after the other. It must not block.</param>
    /// <param name="onClosed">Called once, after the last frame.</param>
    /// <param name="slowsPeer">Reads no more while much waits to be sent, where the network can do so. For one end at most: if both did, both could wait forever.</param>
    void Start(Action<ReadOnlyMemory<byte>> onFrame, Action onClosed, bool slowsPeer = false);

    /// <summary>Hands over a frame, which the caller must not change afterwards. False: the connection is closed.</summary>
    bool TrySend(ReadOnlyMemory<byte> frame);

    /// <summary>Takes back the frames that were handed over and certainly not sent, in order. None before it has ended.</summary>
    List<ReadOnlyMemory<byte>> TakeUnsent();

    /// <summary>Closes it at both ends. Frames that were handed over before still arrive, unless the connection breaks.</summary>
    void Close();
}
