namespace Dpark.Clusters;

/// <summary>A cluster of three silos for tests that kill none. Each test has an application of its own.</summary>
/// <remarks>All map outputs are files, so that tests can look for them.</remarks>
public sealed class ThreeSilos : IAsyncLifetime
{
    private GrainsCluster? _cluster;

    internal GrainsCluster Cluster => _cluster!;

    public async Task InitializeAsync() => _cluster = await GrainsCluster.StartAsync(3, ("Dpark:Shuffle:MaxMemoryBytes", "0"));

    public async Task DisposeAsync() => await Cluster.DisposeAsync();
}
