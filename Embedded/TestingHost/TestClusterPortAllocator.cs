namespace Orleans.TestingHost;

/// <summary>
/// Gives each cluster of the process ports of its own. The transport is in memory, so no port is opened and none can be taken by somebody else.
/// </summary>
public class TestClusterPortAllocator : ITestClusterPortAllocator
{
    private const int FirstSiloPort = 22_300;
    private const int GatewayOffset = 20_000;
    private static int s_next = FirstSiloPort;

    /// <inheritdoc/>
    public (int, int) AllocateConsecutivePortPairs(int numPorts = 5)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(numPorts, 1);
        while (true)
        {
            var first = Volatile.Read(ref s_next);
            var start = first + numPorts > FirstSiloPort + GatewayOffset ? FirstSiloPort : first;
            if (Interlocked.CompareExchange(ref s_next, start + numPorts, first) == first)
            {
                return (start, start + GatewayOffset);
            }
        }
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
}
