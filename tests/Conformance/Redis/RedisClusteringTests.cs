using System.Globalization;
using System.Net;
using Dpark.Conformance.Activations;
using Dpark.Conformance.Clusters;
using Dpark.Conformance.Hosting;
using Dpark.Conformance.Storage;
using Dpark.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using StackExchange.Redis;

namespace Dpark.Conformance.Redis;

/// <summary>Silos and a client that know nothing of each other but a Redis server.</summary>
public sealed class RedisClusteringTests : IAsyncLifetime
{
    private readonly string _id = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
    private RedisServer? _server;

    private string Address => _server!.Address;

    public async Task InitializeAsync() => _server = RedisServer.IsInstalled ? await RedisServer.StartAsync() : null;

    public async Task DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [RedisFact]
    public async Task UseRedisClustering_SilosAndClient_FindEachOther()
    {
        using var first = NewSilo();
        using var second = NewSilo();
        using var client = NewClient();
        await first.StartAsync().Within("the start of the first silo");
        await second.StartAsync().Within("the start of the second silo");
        await client.StartAsync().Within("the start of the client");
        var grains = client.Services.GetRequiredService<IClusterClient>();

        var hosts = await grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true).Within("the silos");
        var visits = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Grain(grains).VisitAsync())).Within("forty calls");
        await second.StopAsync().Within("the stop of the second silo");
        var later = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Grain(grains).VisitAsync())).Within("ten calls after the stop");

        Assert.Equal(new[] { AddressOf(first), AddressOf(second) }.ToHashSet(), hosts.Keys.ToHashSet());
        Assert.Equal(hosts.Keys.ToHashSet(), visits.Select(visit => visit.Silo!).ToHashSet());
        Assert.All(later, visit => Assert.Equal(AddressOf(first), visit.Silo));
        await client.StopAsync().Within("the stop of the client");
        await first.StopAsync().Within("the stop of the first silo");
    }

    [RedisFact]
    public async Task UseRedisClustering_Rows_AreAHashOfTheCluster()
    {
        using var silo = NewSilo();
        await silo.StartAsync().Within("the start of the silo");
        using var redis = await ConnectionMultiplexer.ConnectAsync(Address);
        var key = $"{_id}/members/{_id}";
        var row = AddressOf(silo).ToString();

        var running = await redis.GetDatabase().HashGetAllAsync(key);
        await silo.StopAsync().Within("the stop of the silo");
        var stopped = await redis.GetDatabase().HashGetAllAsync(key);

        Assert.Equal(new[] { "Version", row }.ToHashSet(), running.Select(entry => entry.Name.ToString()).ToHashSet());
        Assert.True(VersionOf(stopped) > VersionOf(running), "The version did not grow.");
        Assert.Contains(AddressOf(silo).ToParsableString(), RowOf(running), StringComparison.Ordinal);
        Assert.NotEqual(RowOf(running), RowOf(stopped));

        string RowOf(HashEntry[] entries) => entries.Single(entry => entry.Name == row).Value!;
    }

    [RedisFact]
    public async Task UseRedisClustering_SiloOfAnotherCluster_IsNotSeen()
    {
        using var silo = NewSilo();
        using var stranger = NewSilo("another");
        await silo.StartAsync().Within("the start of the silo");
        await stranger.StartAsync().Within("the start of a silo of another cluster");

        var hosts = await silo.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetHosts().Within("the silos");

        Assert.Equal([AddressOf(silo)], hosts.Keys);
        await stranger.StopAsync().Within("the stop of the silo of another cluster");
        await silo.StopAsync().Within("the stop of the silo");
    }

    [RedisFact]
    public async Task RedisGrainStorage_SiloEnds_StateIsThereOnAnother()
    {
        using var first = NewSilo();
        using var second = NewSilo();
        await first.StartAsync().Within("the start of the first silo");
        await second.StartAsync().Within("the start of the second silo");
        var grains = second.Services.GetRequiredService<IGrainFactory>();
        ITallyGrain[] tallies = [.. Enumerable.Range(0, 20).Select(_ => grains.GetGrain<ITallyGrain>(TestKeys.New(), typeof(TallyGrain).FullName))];
        await Task.WhenAll(tallies.Select((tally, index) => tally.AddAsync(index))).Within("the first calls");

        await first.StopAsync().Within("the stop of the first silo");
        var sums = await Task.WhenAll(tallies.Select(tally => tally.AddAsync(100))).Within("the calls after it");
        await tallies[0].ClearAsync().Within("the clearing");
        await tallies[0].DeactivateAsync().Within("the deactivation");

        Assert.Equal(Enumerable.Range(100, 20), sums);
        Assert.Equal(1, await tallies[0].AddAsync(1).Within("the call after the clearing"));
        await second.StopAsync().Within("the stop of the second silo");
    }

    private static ILifetimeGrain Grain(IGrainFactory grains) => grains.GetGrain<ILifetimeGrain>(TestKeys.New(), typeof(LifetimeGrain).FullName);

    private static SiloAddress AddressOf(IHost silo) => silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress;

    private static int VersionOf(HashEntry[] entries) => (int)entries.Single(entry => entry.Name == "Version").Value;

    private IHost NewSilo(string? clusterId = null)
    {
        var builder = SiloHosts.NewBuilder();
        builder.UseOrleans(silo =>
        {
            silo.UseRedisClustering(Address);
            silo.ConfigureEndpoints(IPAddress.Loopback, FreePorts.Next(), FreePorts.Next());
            silo.Configure<ClusterOptions>(options => SetIds(options, clusterId));
            silo.AddRedisGrainStorageAsDefault(options => options.ConfigurationOptions = ConfigurationOptions.Parse(Address));
        });
        return builder.Build();
    }

    private IHost NewClient()
    {
        var builder = SiloHosts.NewBuilder();
        builder.UseOrleansClient(client =>
        {
            client.UseRedisClustering(options => options.ConfigurationOptions = ConfigurationOptions.Parse(Address));
            client.Configure<ClusterOptions>(options => SetIds(options, null));
        });
        return builder.Build();
    }

    private void SetIds(ClusterOptions options, string? clusterId)
    {
        options.ClusterId = clusterId ?? _id;
        options.ServiceId = _id;
    }

    /// <summary>A test of hosts of its own over a Redis server.</summary>
    private sealed class RedisFactAttribute : FactAttribute
    {
        public RedisFactAttribute()
        {
            if (!ClusterHosting.IsInProcess)
            {
                Skip = "Needs silos in the process of the test.";
            }
            else if (!RedisServer.IsInstalled)
            {
                Skip = RedisServer.SkipReason;
            }
        }
    }
}
