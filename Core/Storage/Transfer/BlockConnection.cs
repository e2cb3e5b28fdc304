using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Dpark.Security;

namespace Dpark.Storage.Transfer;

/// <summary>
/// One connection between a block client and a block server. Every wait on the peer has a limit. Used by one request at a time; <see cref="Abort"/> may be called
/// by any thread and ends whatever waits.
/// </summary>
/// <remarks>
/// A wait that takes too long or is cancelled closes the socket: in the middle of a message, a connection cannot be used again anyway. So one timer and one
/// way to stop serve blocking and asynchronous callers alike. With <c>blocking</c>, methods return completed, and need no thread of the pool.
/// </remarks>
internal sealed class BlockConnection : IDisposable
{
    // Larger pieces would hide from the timer that the peer takes bytes, only slowly.
    private const int SendBytes = 1 << 20;

    private readonly Socket _socket;
    private readonly string _peer;
    private readonly ITimer _timer;
    private SslStream? _secured;
    private volatile bool _isTimedOut;
    private volatile bool _isAborted;
    private bool _hasDeadline;

    /// <summary>Takes over a socket, connected or not.</summary>
    /// <param name="peer">For messages.</param>
    /// <param name="limit">How long one wait may take.</param>
    public BlockConnection(Socket socket, string peer, TimeSpan limit, TimeProvider time)
    {
        _socket = socket;
        _socket.NoDelay = true;
        _peer = peer;
        Limit = limit;
        _timer = time.CreateTimer(static state => ((BlockConnection)state!).TimeOut(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How long one wait may take.</summary>
    public TimeSpan Limit { get; set; }

    /// <summary>Whether it was closed from this side.</summary>
    public bool IsAborted => _isAborted;

    /// <summary>Whether a connection without a request can take one: it is open, and nothing arrived that nobody asked for.</summary>
    public bool IsUsable
    {
        get
        {
            try
            {
                return !_isAborted && !_socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    /// <summary>From here on, all waits together may take this long.</summary>
    public void SetDeadline(TimeSpan limit)
    {
        _hasDeadline = true;
        _timer.Change(limit, Timeout.InfiniteTimeSpan);
    }

    /// <summary>From here on, each wait has its own limit again.</summary>
    public void ClearDeadline()
    {
        _hasDeadline = false;
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Connects the socket.</summary>
    /// <exception cref="ConnectionFailedException">It cannot be connected.</exception>
    public async ValueTask ConnectAsync(EndPoint endpoint, bool blocking, CancellationToken cancellationToken)
    {
        using var registration = Begin(cancellationToken);
        try
        {
            if (blocking)
            {
                _socket.Connect(endpoint);
            }
            else
            {
                await _socket.ConnectAsync(endpoint, CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            throw Failed("could not be connected", failure, cancellationToken);
        }
        finally
        {
            End();
        }
    }

    /// <summary>Secures the connection. Everything that follows is sent and received through it.</summary>
    /// <param name="server">What this side has connected to; <see langword="null"/> if it has accepted.</param>
    /// <returns><see langword="null"/>, or why the sides do not talk to each other; the connection is closed then.</returns>
    /// <exception cref="ConnectionFailedException">It broke, or the limit has passed.</exception>
    public async ValueTask<string?> SecureAsync(ClusterTls tls, EndPoint? server, bool blocking, CancellationToken cancellationToken)
    {
        string? fault = null;
        RemoteCertificateValidationCallback judge = (_, certificate, chain, errors) => (fault = tls.FindFault(certificate, chain, errors)) is null;
        using var registration = Begin(cancellationToken);
        try
        {
            _secured = new SslStream(new NetworkStream(_socket, ownsSocket: false));
            var handshake = (server, blocking) switch
            {
                (null, _) => _secured.AuthenticateAsServerAsync(tls.CreateServerOptions(judge), CancellationToken.None),
                (_, false) => _secured.AuthenticateAsClientAsync(tls.CreateClientOptions(server, judge), CancellationToken.None),
                _ => SecureBlocking(_secured, tls.CreateClientOptions(server, judge)),
            };
            await handshake.ConfigureAwait(false);
            return null;
        }
        catch (AuthenticationException failure) when (!_isAborted)
        {
            Abort();
            return fault ?? $"the TLS handshake failed ({failure.GetBaseException().Message.TrimEnd('.')})";
        }
        catch (Exception failure) when (failure is AuthenticationException || IsFailure(failure))
        {
            throw Failed("broke while it was secured", failure, cancellationToken);
        }
        finally
        {
            End();
        }
    }

    /// <summary>Receives some bytes.</summary>
    /// <param name="buffer">Not empty.</param>
    /// <returns>How many; 0 if the peer has closed the connection.</returns>
    /// <exception cref="ConnectionFailedException">It broke, or the limit has passed.</exception>
    public async ValueTask<int> ReceiveAsync(Memory<byte> buffer, bool blocking, CancellationToken cancellationToken)
    {
        using var registration = Begin(cancellationToken);
        try
        {
            return _secured is { } stream
                ? blocking ? stream.Read(buffer.Span) : await stream.ReadAsync(buffer, CancellationToken.None).ConfigureAwait(false)
                : blocking
                ? _socket.Receive(buffer.Span, SocketFlags.None)
                : await _socket.ReceiveAsync(buffer, SocketFlags.None, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception failure) when (IsFailure(failure))
        {
            throw Failed("broke while bytes were awaited", failure, cancellationToken);
        }
        finally
        {
            End();
        }
    }

    /// <summary>Receives as many bytes as fit.</summary>
    /// <exception cref="ConnectionFailedException">It broke or was closed, or the limit has passed.</exception>
    public async ValueTask ReceiveExactlyAsync(Memory<byte> buffer, bool blocking, CancellationToken cancellationToken)
    {
        while (!buffer.IsEmpty)
        {
            var count = await ReceiveAsync(buffer, blocking, cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                throw Closed(buffer.Length);
            }

            buffer = buffer[count..];
        }
    }

    /// <summary>Sends bytes.</summary>
    /// <exception cref="ConnectionFailedException">It broke, or the limit has passed.</exception>
    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, bool blocking, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            var piece = bytes[..Math.Min(bytes.Length, SendBytes)];
            using var registration = Begin(cancellationToken);
            try
            {
                bytes = bytes[await SendPieceAsync(piece, blocking).ConfigureAwait(false)..];
            }
            catch (Exception failure) when (IsFailure(failure))
            {
                throw Failed("broke while bytes were sent", failure, cancellationToken);
            }
            finally
            {
                End();
            }
        }
    }

    /// <summary>The failure of a connection that the peer closed.</summary>
    /// <param name="missing">Bytes that were expected.</param>
    public ConnectionFailedException Closed(long missing) =>
        new($"The connection to {_peer} was closed {missing} bytes too early.", isTimeout: false);

    /// <summary>Closes the connection at once, also under a caller that waits.</summary>
    public void Abort()
    {
        _isAborted = true;
        _timer.Dispose();
        _socket.Dispose();
        _secured?.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => Abort();

    private static bool IsFailure(Exception failure) => failure is SocketException or ObjectDisposedException or IOException;

    private static Task SecureBlocking(SslStream stream, SslClientAuthenticationOptions options)
    {
        stream.AuthenticateAsClient(options);
        return Task.CompletedTask;
    }

    /// <returns>How many bytes were sent.</returns>
    private async ValueTask<int> SendPieceAsync(ReadOnlyMemory<byte> piece, bool blocking)
    {
        if (_secured is not { } stream)
        {
            return blocking ? _socket.Send(piece.Span, SocketFlags.None) : await _socket.SendAsync(piece, SocketFlags.None, CancellationToken.None).ConfigureAwait(false);
        }

        if (blocking)
        {
            stream.Write(piece.Span);
        }
        else
        {
            await stream.WriteAsync(piece, CancellationToken.None).ConfigureAwait(false);
        }

        return piece.Length;
    }

    private CancellationTokenRegistration Begin(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_hasDeadline)
        {
            _timer.Change(Limit, Timeout.InfiniteTimeSpan);
        }

        return cancellationToken.UnsafeRegister(static state => ((BlockConnection)state!).Abort(), this);
    }

    private void End()
    {
        if (!_hasDeadline)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private void TimeOut()
    {
        _isTimedOut = true;
        Abort();
    }

    private ConnectionFailedException Failed(string what, Exception failure, CancellationToken cancellationToken)
    {
        var (isTimedOut, isAborted) = (_isTimedOut, _isAborted);
        Abort();
        cancellationToken.ThrowIfCancellationRequested();
        return isTimedOut ? new ConnectionFailedException($"The connection to {_peer} {what}: the other side was silent for too long.", isTimeout: true, failure)
            : isAborted ? new ConnectionFailedException($"The connection to {_peer} {what}: it was closed on this side.", isTimeout: false, failure)
            : new ConnectionFailedException($"The connection to {_peer} {what}: {failure.GetBaseException().Message.TrimEnd('.')}.", isTimeout: false, failure);
    }
}
