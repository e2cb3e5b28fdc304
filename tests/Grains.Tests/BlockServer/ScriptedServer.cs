using System.Net;
using System.Net.Sockets;

namespace Dpark.Storage;

/// <summary>A server that plays one script on every connection.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Func<RawPeer, Task> _script;
    private readonly Task _accepting;
    private int _connectionCount;

    public ScriptedServer(Func<RawPeer, Task> script)
    {
        _script = script;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public string Endpoint => _listener.LocalEndPoint!.ToString()!;

    public int ConnectionCount => Volatile.Read(ref _connectionCount);

    public BlockLocation At(string name, long length) => new(BlockRig.Block(name), new("worker-1"), Endpoint, length);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting.WaitAsync(BlockRig.Limit);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                using var peer = new RawPeer(await _listener.AcceptAsync());
                Interlocked.Increment(ref _connectionCount);
                await _script(peer);
            }
        }
        catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
        {
            // The server was disposed.
        }
    }
}
