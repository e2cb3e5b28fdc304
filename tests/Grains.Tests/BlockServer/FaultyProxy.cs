using System.Net;
using System.Net.Sockets;

namespace Dpark.Storage;

/// <summary>Stands between a client and a block server and does to each connection what a test tells it to.</summary>
internal sealed class FaultyProxy : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Func<int, Fault> _faultOf;
    private readonly EndPoint _server;
    private readonly List<Socket> _sockets = [];
    private readonly List<Task> _tasks = [];
    private int _connectionCount;

    /// <param name="faultOf">What to do to a connection, by its number from 0.</param>
    public FaultyProxy(string server, Func<int, Fault> faultOf)
    {
        _server = IPEndPoint.Parse(server);
        _faultOf = faultOf;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _tasks.Add(AcceptAsync());
    }

    public string Endpoint => _listener.LocalEndPoint!.ToString()!;

    public int ConnectionCount => Volatile.Read(ref _connectionCount);

    /// <summary>Completes when a stalled connection has forwarded all that it may.</summary>
    public TaskCompletionSource Stalled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        Task[] tasks;
        lock (_sockets)
        {
            _sockets.ForEach(socket => socket.Dispose());
            tasks = [.. _tasks];
        }

        await Task.WhenAll(tasks).WaitAsync(BlockRig.Limit);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptAsync();
                var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(_server);
                var fault = _faultOf(Interlocked.Increment(ref _connectionCount) - 1);
                lock (_sockets)
                {
                    _sockets.AddRange([client, server]);
                    _tasks.Add(ForwardAsync(client, server, Fault.None));
                    _tasks.Add(ForwardAsync(server, client, fault));
                }
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // The proxy was disposed.
        }
    }

    private async Task ForwardAsync(Socket from, Socket to, Fault fault)
    {
        var buffer = new byte[32 << 10];
        long forwarded = 0;
        try
        {
            while (await from.ReceiveAsync(buffer) is var count and > 0)
            {
                if (fault.FlipAt is { } flip && flip >= forwarded && flip < forwarded + count)
                {
                    buffer[flip - forwarded] ^= 0x10;
                }

                var allowed = (int)Math.Min(count, (fault.CutAt ?? fault.StallAt ?? long.MaxValue) - forwarded);
                await to.SendAsync(buffer.AsMemory(0, allowed));
                forwarded += allowed;
                if (allowed < count && fault.StallAt is not null)
                {
                    Stalled.TrySetResult();
                    return;
                }

                if (allowed < count)
                {
                    break;
                }
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // One side has closed its connection.
        }

        from.Dispose();
        to.Dispose();
    }
}

/// <summary>What happens to the bytes that a server sends on one connection. Positions count from its first byte.</summary>
internal sealed record Fault(long? CutAt = null, long? StallAt = null, long? FlipAt = null)
{
    /// <summary>Bytes that a server sends before its first answer.</summary>
    public const int Greeting = 2 * (12 + 32);

    public static Fault None { get; } = new();
}
