using System.Security.Cryptography;
using System.Text;
using Dpark.Configuration;
using Dpark.Security;

namespace Dpark.Storage.Transfer;

/// <summary>
/// The connections of one block client: authenticated, kept for a while after their request, closed when they are too old or too many. Thread-safe.
/// </summary>
internal sealed class ConnectionPool : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<(BlockConnection Connection, long Since)>> _idle = [];
    private readonly HashSet<BlockConnection> _open = [];
    private readonly ReadOnlyMemory<byte> _secret;
    private readonly BlockClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ClusterTls? _tls;
    private readonly ITimer _sweeper;
    private bool _isSweeping;
    private bool _isDisposed;

    /// <summary>Makes a pool without connections.</summary>
    /// <param name="tls">Secures the connections; <see langword="null"/>: they are not secured.</param>
    public ConnectionPool(ReadOnlyMemory<byte> secret, BlockClientOptions options, TimeProvider time, ClusterTls? tls)
    {
        _secret = secret;
        _options = options;
        _time = time;
        _tls = tls;
        _sweeper = time.CreateTimer(static state => ((ConnectionPool)state!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Takes the connection that was used last, if one is kept.</summary>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    public BlockConnection? TryTake(string endpoint)
    {
        while (TryPop(endpoint) is { } connection)
        {
            if (connection.IsUsable)
            {
                connection.Limit = _options.PeerTimeout;
                return connection;
            }

            Discard(connection);
        }

        return null;
    }

    /// <summary>Makes a connection, and shows the server that this client knows the secret.</summary>
    /// <exception cref="ConnectionFailedException">The server cannot be reached, or has no connection free.</exception>
    /// <exception cref="IOException">It refuses the secret, does not know it itself, or is no block server. Trying again does not help.</exception>
    /// <exception cref="ObjectDisposedException">The pool is closed.</exception>
    public async ValueTask<BlockConnection> ConnectAsync(string endpoint, bool blocking, CancellationToken cancellationToken)
    {
        var address = BlockEndpoint.Parse(endpoint);
        var connection = new BlockConnection(BlockEndpoint.NewSocket(address), endpoint, _options.PeerTimeout, _time);
        try
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_isDisposed, typeof(BlockClient));
                _open.Add(connection);
            }

            connection.SetDeadline(_options.ConnectTimeout);
            await connection.ConnectAsync(address, blocking, cancellationToken).ConfigureAwait(false);
            if (_tls is not null && await connection.SecureAsync(_tls, address, blocking, cancellationToken).ConfigureAwait(false) is { } fault)
            {
                throw new IOException($"The block server at {endpoint} was reached, and nothing was sent to it: {fault}. All of a cluster use TLS (Dpark:Security:Tls), or none.");
            }

            await AuthenticateAsync(connection, endpoint, blocking, cancellationToken).ConfigureAwait(false);
            connection.ClearDeadline();
            return connection;
        }
        catch
        {
            Discard(connection);
            throw;
        }
    }

    /// <summary>Gives back a connection whose request is done.</summary>
    public void Return(string endpoint, BlockConnection connection)
    {
        lock (_lock)
        {
            if (!_isDisposed && !connection.IsAborted && _options.MaxIdleConnections > 0)
            {
                if (!_idle.TryGetValue(endpoint, out var idle))
                {
                    _idle.Add(endpoint, idle = []);
                }

                if (idle.Count < _options.MaxIdleConnections)
                {
                    idle.Add((connection, _time.GetTimestamp()));
                    StartSweeping();
                    return;
                }
            }
        }

        Discard(connection);
    }

    /// <summary>Closes a connection in the middle of a request.</summary>
    public void Discard(BlockConnection connection)
    {
        lock (_lock)
        {
            _open.Remove(connection);
        }

        connection.Abort();
    }

    /// <summary>Closes all connections, also those with a request.</summary>
    public void Dispose()
    {
        BlockConnection[] open;
        lock (_lock)
        {
            _isDisposed = true;
            open = [.. _open];
            _open.Clear();
            _idle.Clear();
        }

        _sweeper.Dispose();
        Array.ForEach(open, connection => connection.Abort());
    }

    private BlockConnection? TryPop(string endpoint)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, typeof(BlockClient));
            if (!_idle.TryGetValue(endpoint, out var idle))
            {
                return null;
            }

            var connection = idle[^1].Connection;
            idle.RemoveAt(idle.Count - 1);
            if (idle.Count == 0)
            {
                _idle.Remove(endpoint);
            }

            return connection;
        }
    }

    private async ValueTask AuthenticateAsync(BlockConnection connection, string endpoint, bool blocking, CancellationToken cancellationToken)
    {
        var hello = new byte[Handshake.HelloLength];
        Handshake.Mark.CopyTo(hello);
        var clientNonce = hello.AsMemory(Handshake.HelloLength - Handshake.NonceLength);
        RandomNumberGenerator.Fill(clientNonce.Span);
        await connection.SendAsync(hello, blocking, cancellationToken).ConfigureAwait(false);
        var serverNonce = await ReceiveAsync(connection, endpoint, Handshake.NonceLength, blocking, cancellationToken).ConfigureAwait(false);
        var proof = Handshake.ClientProof(_secret.Span, clientNonce.Span, serverNonce);
        await connection.SendAsync(proof, blocking, cancellationToken).ConfigureAwait(false);
        var serverProof = await ReceiveAsync(connection, endpoint, Handshake.ProofLength, blocking, cancellationToken).ConfigureAwait(false);
        if (!Handshake.IsEqual(serverProof, Handshake.ServerProof(_secret.Span, clientNonce.Span, serverNonce)))
        {
            throw new IOException(
                $"What listens at {endpoint} takes any client, and does not know the cluster's secret itself. " +
                "It is not a worker of this cluster; nothing was sent to it.");
        }
    }

    private static async ValueTask<byte[]> ReceiveAsync(
        BlockConnection connection, string endpoint, int wanted, bool blocking, CancellationToken cancellationToken)
    {
        var header = new byte[BlockProtocol.AnswerHeaderLength];
        try
        {
            await connection.ReceiveExactlyAsync(header, blocking, cancellationToken).ConfigureAwait(false);
        }
        catch (ConnectionFailedException failure) when (!failure.IsTimeout)
        {
            throw new ConnectionFailedException(
                $"{failure.Message} If that worker turned this process away, as one without TLS where TLS is used, or one whose certificate it does not trust, its log says so.",
                isTimeout: false,
                failure);
        }

        var (status, length) = ReadHeader(header, endpoint);
        if (status == AnswerStatus.Ok && length != wanted)
        {
            throw new IOException($"The block server at {endpoint} greets with {length} bytes instead of {wanted}. It is of another version.");
        }

        var answer = new byte[length];
        await connection.ReceiveExactlyAsync(answer, blocking, cancellationToken).ConfigureAwait(false);
        return status switch
        {
            AnswerStatus.Ok => answer,
            AnswerStatus.Busy => throw new ConnectionFailedException($"The block server at {endpoint} says: {Encoding.UTF8.GetString(answer)}", isTimeout: false) { IsBusy = true },
            _ => throw new IOException($"The block server at {endpoint} refuses this client: {Encoding.UTF8.GetString(answer)}"),
        };
    }

    private static (AnswerStatus Status, long Length) ReadHeader(ReadOnlySpan<byte> header, string endpoint)
    {
        try
        {
            return BlockProtocol.ReadAnswerHeader(header);
        }
        catch (InvalidDataException failure)
        {
            throw new IOException($"{endpoint} cannot be asked for blocks. {failure.Message}", failure);
        }
    }

    // Called under the lock.
    private void StartSweeping()
    {
        if (!_isSweeping)
        {
            _isSweeping = true;
            _sweeper.Change(_options.IdleTimeout, Timeout.InfiniteTimeSpan);
        }
    }

    private void Sweep()
    {
        var old = new List<BlockConnection>();
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            _isSweeping = false;
            foreach (var (endpoint, idle) in _idle.ToArray())
            {
                // The oldest are first.
                var count = idle.TakeWhile(one => _time.GetElapsedTime(one.Since) >= _options.IdleTimeout).Count();
                old.AddRange(idle.Take(count).Select(one => one.Connection));
                idle.RemoveRange(0, count);
                if (idle.Count == 0)
                {
                    _idle.Remove(endpoint);
                }
            }

            if (_idle.Count > 0)
            {
                StartSweeping();
            }
        }

        old.ForEach(Discard);
    }
}
