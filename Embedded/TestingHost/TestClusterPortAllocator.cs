using System.Net;
using System.Net.Sockets;

namespace Orleans.TestingHost;

/// <summary>Gives each cluster of the process ports of loopback of its own, which nobody listens on when they are given.</summary>
/// <remarks>
/// The ports are below those that systems give to outgoing connections. Each process begins elsewhere, so that test runs at the same time rarely want the same.
/// </remarks>
public class TestClusterPortAllocator : ITestClusterPortAllocator
{
    private const int FirstSiloPort = 10_000;
    private const int GatewayOffset = 11_000;
    private const int PortsPerStep = 100;
    private static int s_next = FirstSiloPort + (Environment.ProcessId * PortsPerStep % GatewayOffset);

    /// <inheritdoc/>
    public (int, int) AllocateConsecutivePortPairs(int numPorts = 5)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numPorts, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(numPorts, GatewayOffset);
        for (var tried = 0; tried < 2 * GatewayOffset; tried += numPorts)
        {
            var start = Take(numPorts);
            if (Enumerable.Range(start, numPorts).All(port => IsFree(port) && IsFree(port + GatewayOffset)))
            {
                return (start, start + GatewayOffset);
            }
        }

        throw new InvalidOperationException(
            $"There are no {numPorts} consecutive free ports from {FirstSiloPort} on with as many {GatewayOffset} above. End what listens on them.");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees nothing here.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }

    private static int Take(int numPorts)
    {
        while (true)
        {
            var first = Volatile.Read(ref s_next);
            var start = first + numPorts > FirstSiloPort + GatewayOffset ? FirstSiloPort : first;
            if (Interlocked.CompareExchange(ref s_next, start + numPorts, first) == first)
            {
                return start;
            }
        }
    }

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
