using System.Net;
using System.Net.Sockets;
using Dpark.Caching;
using Dpark.Configuration;
using Dpark.Security;
using Dpark.Shuffle;
using Dpark.Storage.Transfer;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Storage;

/// <summary>Serves the blocks and map outputs of one worker to other workers and to drivers. Thread-safe.</summary>
/// <remarks>
/// A connection serves one request after the other, asynchronously, with one buffer of memory per request under way. No code of users runs here.
/// <c>docs/formats/block-protocol.md</c> states what is sent.
/// </remarks>
/// <param name="worker">This life of the worker: requests for another one are refused.</param>
/// <param name="secret">What a client must know; empty in a local run.</param>
/// <param name="time">Measures the limits. <see langword="null"/> takes the system's clock.</param>
/// <param name="tls">Secures the connections; <see langword="null"/>: they are not secured. The caller's to dispose, after the server.</param>
public sealed partial class BlockServer(
    WorkerId worker,
    IBlockStore blocks,
    MapOutputFiles mapOutputs,
    ReadOnlyMemory<byte> secret,
    BlockServerOptions options,
    ILogger<BlockServer> logger,
    TimeProvider? time = null,
    ClusterTls? tls = null) : IAsyncDisposable
{
    private const int Backlog = 512;

    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly Dictionary<BlockSession, Task> _sessions = [];
    private readonly CancellationTokenSource _stopped = new();
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;
    private string? _endpoint;
    private bool _isStopping;

    /// <summary>Host and port that others reach it by, such as <c>127.0.0.1:40123</c>.</summary>
    /// <exception cref="InvalidOperationException">It is not started.</exception>
    public string Endpoint => _endpoint ?? throw new InvalidOperationException("The block server has no endpoint before it is started. Call Start first.");

    /// <summary>The cached partitions of the worker; <see langword="null"/> as long as there are none. May be set while it serves.</summary>
    internal ICachedPartitionSource? Cached { get; set; }

    /// <summary>Starts to listen. Returns at once.</summary>
    /// <exception cref="IOException">The address or port cannot be used.</exception>
    /// <exception cref="InvalidOperationException">It was started before.</exception>
    public void Start()
    {
        if (_listener is not null)
        {
            throw new InvalidOperationException($"The block server listens at {_endpoint} already. Start it once.");
        }

        var listener = Listen();
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        _endpoint = BlockEndpoint.Format(options.AdvertisedHost ?? options.ListenHost, port);
        _listener = listener;
        _accepting = Task.Run(() => AcceptAsync(listener));
    }

    /// <summary>Stops listening, lets requests that are under way end, and closes all connections.</summary>
    /// <param name="cancellationToken">Closes what is left at once.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        StopListening();
        Task[] tasks;
        lock (_lock)
        {
            tasks = [.. _sessions.Values];
            foreach (var session in _sessions.Keys)
            {
                session.Stop();
            }
        }

        try
        {
            await Task.WhenAll(tasks).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The rest is closed as it is.
        }

        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Stops listening and closes all connections at once.</summary>
    public async ValueTask DisposeAsync()
    {
        StopListening();
        Task[] tasks;
        lock (_lock)
        {
            tasks = [.. _sessions.Values];
            foreach (var session in _sessions.Keys)
            {
                session.Dispose();
            }
        }

        await _accepting.ConfigureAwait(false);
        await Task.WhenAll(tasks).ConfigureAwait(false);
    }

    private void StopListening()
    {
        lock (_lock)
        {
            _isStopping = true;
        }

        _stopped.Cancel();
        _listener?.Dispose();
    }

    private Socket Listen()
    {
        try
        {
            var address = BlockEndpoint.TryParseAddress(options.ListenHost, out var literal) ? literal : Resolve(options.ListenHost);
            var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                listener.Bind(new IPEndPoint(address, options.Port));
                listener.Listen(Backlog);
                return listener;
            }
            catch
            {
                listener.Dispose();
                throw;
            }
        }
        catch (SocketException failure)
        {
            throw new IOException(
                $"The block server cannot listen on {BlockEndpoint.Format(options.ListenHost, options.Port)}: {failure.Message}. " +
                "Set Dpark:BlockServer:ListenHost and Port to what this machine has free.",
                failure);
        }
    }

    private static IPAddress Resolve(string host)
    {
        var addresses = Dns.GetHostAddresses(host);
        return Array.Find(addresses, one => one.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0];
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            try
            {
                Serve(await listener.AcceptAsync(_stopped.Token).ConfigureAwait(false));
            }
            catch (Exception failure) when (_stopped.IsCancellationRequested && failure is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException failure)
            {
                // The process may have no file handle free for the moment. Those that wait stay in the queue of the system.
                LogAcceptFailed(Endpoint, failure.Message);
                await Task.Delay(AcceptPause, _time, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    private void Serve(Socket socket)
    {
        var peer = "a peer";
        try
        {
            peer = socket.RemoteEndPoint?.ToString() ?? peer;
            var connection = new BlockConnection(socket, peer, options.PeerTimeout, _time);
            if (!TryServe(new BlockSession(connection, worker, blocks, mapOutputs, () => Cached, secret, options, tls), peer))
            {
                TurnAway(socket, peer);
                connection.Dispose();
            }
        }
        catch (SocketException failure)
        {
            LogBroken(Endpoint, peer, failure.Message);
            socket.Dispose();
        }
    }

    private bool TryServe(BlockSession session, string peer)
    {
        lock (_lock)
        {
            if (_isStopping || _sessions.Count >= options.MaxConnections)
            {
                return false;
            }

            // The session cannot take itself away before it is there: that needs the lock.
            _sessions.Add(session, Task.Run(() => RunAsync(session, peer)));
            return true;
        }
    }

    private async Task RunAsync(BlockSession session, string peer)
    {
        try
        {
            if (await session.RunAsync().ConfigureAwait(false) is { } refusal)
            {
                LogRefused(Endpoint, peer, refusal);
            }
        }
        catch (IOException failure)
        {
            LogBroken(Endpoint, peer, failure.Message);
        }
        catch (Exception failure)
        {
            // Whatever it is, it concerns this peer only. It sees that its connection is closed.
            LogFailed(failure, Endpoint, peer);
        }
        finally
        {
            session.Dispose();
            lock (_lock)
            {
                _sessions.Remove(session);
            }
        }
    }

    private void TurnAway(Socket socket, string peer)
    {
        var reason = $"It serves {options.MaxConnections} connections already, or is stopping. Raise Dpark:BlockServer:MaxConnections if this repeats.";
        LogRefused(Endpoint, peer, reason);
        if (tls is not null)
        {
            // It could not read it yet. It sees that its connection is closed, and tries again.
            return;
        }

        socket.Blocking = false;
        socket.Send(BlockProtocol.EncodeError(AnswerStatus.Busy, reason));
    }

    [LoggerMessage(LogLevel.Warning, "Block server {Endpoint} turned {Peer} away. {Reason}")]
    private partial void LogRefused(string endpoint, string peer, string reason);

    [LoggerMessage(LogLevel.Debug, "Block server {Endpoint} lost the connection to {Peer}. {Reason}")]
    private partial void LogBroken(string endpoint, string peer, string reason);

    [LoggerMessage(LogLevel.Error, "Block server {Endpoint} failed to serve {Peer} and closed its connection.")]
    private partial void LogFailed(Exception failure, string endpoint, string peer);

    [LoggerMessage(LogLevel.Warning, "Block server {Endpoint} cannot accept connections at the moment: {Reason}. Clients wait.")]
    private partial void LogAcceptFailed(string endpoint, string reason);
}
