using Dpark.TestKit;

namespace Dpark.Tests.Process.Clusters;

/// <summary>Three silos for the tests of one class, each of which may end some of them.</summary>
public sealed class FaultCluster : IAsyncLifetime
{
    private const int SiloCount = 3;

    private int _nextTokens;

    internal ChildCluster Cluster { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (RedisServer.IsInstalled)
        {
            Cluster = await ChildCluster.StartAsync(SiloCount);
        }
    }

    public async Task DisposeAsync()
    {
        if (Cluster is not null)
        {
            await Cluster.DisposeAsync();
        }
    }

    /// <summary>Starts silos in place of those that have ended.</summary>
    /// <returns>Three that run.</returns>
    internal async Task<ChildSilo[]> WholeAsync()
    {
        await Task.WhenAll(Enumerable.Range(0, SiloCount - Running.Length).Select(_ => Cluster.AddSiloAsync()));
        return Running;
    }

    internal Tokens NewTokens() => new(Cluster.PathOf($"tokens/{_nextTokens++}"));

    /// <summary>The silo on which a grain is active.</summary>
    internal async Task<ChildSilo> FindAsync<TGrain>(string key)
        where TGrain : IGrainWithStringKey
    {
        using var client = await ClusterClient.StartAsync(Cluster);
        var address = await client.FindAsync<TGrain>(key);
        return Running.Single(silo => silo.Port == address!.Endpoint.Port);
    }

    private ChildSilo[] Running => [.. Cluster.Silos.Where(silo => !silo.HasExited)];
}
