using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Messaging;

namespace Orleans.Runtime;

/// <summary>The network between processes: frames over TCP. Owns its listeners and connections, and closes them when it is disposed. Thread-safe.</summary>
/// <remarks>
/// The first frame of each side is small and comes at once. Who begins otherwise is no peer and is cut off, before anything else is read or allocated for it.
/// </remarks>
/// <param name="tls">Secures the connections; null: they are not secured.</param>
internal sealed partial class TcpTransport(TcpSettings settings, ILogger<TcpTransport> logger, TlsAuthenticator? tls = null) : IMessageTransport, IDisposable, IAsyncDisposable
{
    private const int Backlog = 512;
    private static readonly TimeSpan AcceptRetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<TcpConnection, bool> _connections = new();
    private readonly ConcurrentDictionary<Listener, bool> _listeners = new();
    private readonly CancellationTokenSource _closing = new();
    private volatile bool _isDisposed;

    public TcpSettings Settings => settings;

    private ILogger Logger => logger;

    private TlsAuthenticator? Tls => tls;

    /// <summary>How many connections are open.</summary>
    public int ConnectionCount => _connections.Count;

    public IDisposable Listen(IPEndPoint endpoint, Action<IMessageConnection> accept)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endpoint);
            socket.Listen(Backlog);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new ConnectionFailedException($"Unable to listen at endpoint {endpoint}: {exception.Message}. Choose an address of this machine and a free port.", exception);
        }

        var listener = new Listener(this, socket, accept);
        _listeners.TryAdd(listener, true);
        ThreadPool.UnsafeQueueUserWorkItem(static listener => _ = listener.AcceptAsync(), listener, preferLocal: false);
        return listener;
    }

    public async ValueTask<IMessageConnection> ConnectAsync(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);
            if (Equals(socket.LocalEndPoint, socket.RemoteEndPoint))
            {
                // On one machine the system may choose the very port that nobody listens on, and TCP then connects a socket with itself.
                throw new SocketException((int)SocketError.ConnectionRefused);
            }

            var stream = tls is null ? null : await tls.AuthenticateAsClientAsync(socket, cancellationToken).ConfigureAwait(false);
            return Add(socket, stream);
        }
        catch (AuthenticationException exception)
        {
            socket.Dispose();
            throw new ConnectionFailedException(
                $"Unable to connect to endpoint {endpoint}: {exception.Message} This process uses TLS, and so must all of its cluster, each with a certificate that the others trust.", exception);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new ConnectionFailedException($"Unable to connect to endpoint {endpoint}: {exception.Message}.", exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async ValueTask<bool> IsRefusedAsync(IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, cancellationToken).ConfigureAwait(false);

            // A socket that was connected with itself; see above.
            return Equals(socket.LocalEndPoint, socket.RemoteEndPoint);
        }
        catch (SocketException exception)
        {
            return exception.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }

    /// <summary>Breaks what is open.</summary>
    public void Dispose()
    {
        StopListening();
        foreach (var connection in _connections.Keys)
        {
            connection.Dispose();
        }
    }

    /// <summary>Closes what is open, so that what was sent still arrives where somebody takes it.</summary>
    public async ValueTask DisposeAsync()
    {
        StopListening();
        var ends = _connections.Keys.Select(connection =>
        {
            connection.Close();
            return connection.Ended;
        });

        // Each ends within the longest linger, but one that was accepted a moment ago and that nobody has started.
        var all = Task.WhenAll(ends);
        await Task.WhenAny(all, Task.Delay(settings.MaxLinger + settings.LingerLimit)).ConfigureAwait(false);
    }

    internal void OnEnded(TcpConnection connection) => _connections.TryRemove(connection, out _);

    /// <summary>Notes why a connection has ended that nobody closed.</summary>
    internal void OnBroken(TcpConnection connection, Exception exception, bool wasClosed)
    {
        switch (exception)
        {
            case InvalidMessageFrameException:
                LogBadFrame(logger, connection.RemoteName, exception);
                break;
            case OperationCanceledException:
                LogSilent(logger, connection.RemoteName, settings.OpenTimeout);
                break;
            case IOException or SocketException or ObjectDisposedException:
                if (!wasClosed)
                {
                    LogBroken(logger, connection.RemoteName, exception.Message);
                }

                break;
            default:
                LogFailed(logger, connection.RemoteName, exception);
                break;
        }
    }

    private void StopListening()
    {
        _isDisposed = true;
        _closing.Cancel();
        foreach (var listener in _listeners.Keys)
        {
            listener.Dispose();
        }
    }

    private TcpConnection Add(Socket socket, SslStream? stream)
    {
        SetOptions(socket);
        var connection = new TcpConnection(this, socket, stream);
        _connections.TryAdd(connection, true);
        if (_isDisposed)
        {
            connection.Dispose();
        }

        return connection;
    }

    private void SetOptions(Socket socket)
    {
        var options = settings.Socket;
        socket.NoDelay = options.NoDelay;
        if (options.KeepAlive)
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, options.KeepAliveTimeSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, options.KeepAliveIntervalSeconds);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, options.KeepAliveRetryCount);
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Peer} has sent something that is no frame. The connection is closed.")]
    private static partial void LogBadFrame(ILogger logger, string peer, Exception exception);

    [LoggerMessage(LogLevel.Information, "{Peer} has connected and not said within {Limit} who it is. The connection is closed.")]
    private static partial void LogSilent(ILogger logger, string peer, TimeSpan limit);

    [LoggerMessage(LogLevel.Information, "The connection with {Peer} broke: {Reason}")]
    private static partial void LogBroken(ILogger logger, string peer, string reason);

    [LoggerMessage(LogLevel.Error, "The connection with {Peer} is closed: what it sent could not be handled.")]
    private static partial void LogFailed(ILogger logger, string peer, Exception exception);

    [LoggerMessage(LogLevel.Warning, "A connection at {Endpoint} could not be accepted; the next attempt is in {Delay}.")]
    private static partial void LogNotAccepted(ILogger logger, string endpoint, TimeSpan delay, Exception exception);

    [LoggerMessage(LogLevel.Warning, "{Peer} is refused at {Endpoint}, which uses TLS: {Reason}")]
    private static partial void LogNotSecured(ILogger logger, string peer, string endpoint, string reason);

    private sealed class Listener(TcpTransport owner, Socket socket, Action<IMessageConnection> accept) : IDisposable
    {
        private readonly string _endpoint = socket.LocalEndPoint?.ToString() ?? "";
        private volatile bool _isDisposed;

        public async Task AcceptAsync()
        {
            while (!_isDisposed)
            {
                Socket? peer = null;
                try
                {
                    peer = await socket.AcceptAsync().ConfigureAwait(false);
                    if (owner.Tls is { } tls)
                    {
                        _ = SecureAsync(peer, tls);
                    }
                    else
                    {
                        accept(owner.Add(peer, stream: null));
                    }
                }
                catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
                {
                    peer?.Dispose();
                    if (!_isDisposed)
                    {
                        // A peer that is gone again, or no more descriptors for a while.
                        LogNotAccepted(owner.Logger, _endpoint, AcceptRetryDelay, exception);
                        await Task.Delay(AcceptRetryDelay).ConfigureAwait(false);
                    }
                }
            }
        }

        /// <summary>Secures a connection before it is accepted. Others do not wait for it.</summary>
        private async Task SecureAsync(Socket peer, TlsAuthenticator tls)
        {
            var name = "Somebody";
            try
            {
                name = peer.RemoteEndPoint?.ToString() ?? name;
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(owner._closing.Token);
                limit.CancelAfter(owner.Settings.OpenTimeout);
                accept(owner.Add(peer, await tls.AuthenticateAsServerAsync(peer, limit.Token).ConfigureAwait(false)));
            }
            catch (Exception exception)
            {
                peer.Dispose();
                if (!owner._isDisposed)
                {
                    LogNotSecured(owner.Logger, name, _endpoint, exception is OperationCanceledException
                        ? $"the TLS handshake was not done within {owner.Settings.OpenTimeout}."
                        : exception.Message);
                }
            }
        }

        public void Dispose()
        {
            _isDisposed = true;
            owner._listeners.TryRemove(this, out _);
            socket.Dispose();
        }
    }
}
