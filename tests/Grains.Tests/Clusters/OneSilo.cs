namespace Dpark.Clusters;

/// <summary>A cluster of one silo for all tests of a class. Each test has an application of its own.</summary>
public sealed class OneSilo : IAsyncLifetime
{
    private GrainsCluster? _cluster;

    internal GrainsCluster Cluster => _cluster!;

    public async Task InitializeAsync() =>
        _cluster = await GrainsCluster.StartAsync(1, ("Dpark:BlockStore:MaxMemoryBytes", "0"), ("Dpark:Executor:MaxInlineResultBytes", "100"));

    public async Task DisposeAsync() => await Cluster.DisposeAsync();
}
