using System.Net;
using System.Net.Sockets;

namespace Dpark.TestKit;

/// <summary>
/// Ports of loopback for what a test starts. They are below those that systems give to whoever asks for any: of those, one that was free a moment ago may be that of a connection when a
/// silo listens. Each process begins elsewhere, and none gives a port twice before it has given all. Thread-safe.
/// </summary>
public static class FreePorts
{
    private const int First = 20_000;
    private const int Count = 12_000;

    // Neighbouring processes are this far apart.
    private const int PerProcess = 61;

    private static int s_last = Environment.ProcessId % (Count / PerProcess) * PerProcess;

    /// <summary>A port that nobody listens on now.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public static int Next()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref s_last) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"None of the ports {First} to {First + Count - 1} of loopback is free. Something on this machine listens on all of them.");
    }

    /// <summary>The ports of so many silos.</summary>
    public static (int Silo, int Gateway)[] NextPairs(int count) => [.. Enumerable.Range(0, count).Select(_ => (Next(), Next()))];

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
