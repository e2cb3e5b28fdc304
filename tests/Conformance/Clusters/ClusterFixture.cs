using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Clusters;

/// <summary>A cluster shared by the tests of one class or collection. None of them may stop a silo.</summary>
public abstract class ClusterFixture : IAsyncLifetime
{
    private TestCluster? _cluster;

    public TestCluster Cluster => _cluster ?? throw new InvalidOperationException("The cluster is not deployed.");

    public IClusterClient Client => Cluster.Client;

    /// <summary>The addresses of the silos, the primary first.</summary>
    public SiloAddress[] Silos => [.. Cluster.Silos.Select(silo => silo.SiloAddress)];

    protected virtual int SiloCount => 3;

    public async Task InitializeAsync() => _cluster = await ClusterHosting.DeployAsync(SiloCount, Configure);

    public async Task DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.StopAllSilosAsync();
            await _cluster.DisposeAsync();
        }
    }

    protected virtual void Configure(TestClusterBuilder builder)
    {
    }
}
