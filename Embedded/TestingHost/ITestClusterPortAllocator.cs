namespace Orleans.TestingHost;

/// <summary>Gives ports to silos, so that clusters that run at the same time do not meet.</summary>
public interface ITestClusterPortAllocator : IDisposable
{
    /// <summary>Reserves so many ports for silos and as many for gateways; each row starts at the port that is returned.</summary>
    (int, int) AllocateConsecutivePortPairs(int numPorts);
}
