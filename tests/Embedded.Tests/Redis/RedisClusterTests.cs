using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.Runtime;
using StackExchange.Redis;

namespace Dpark.Tests.Redis;

/// <summary>Silos and a client that know nothing of each other but Redis.</summary>
public sealed class RedisClusterTests(RedisFixture redis) : IClassFixture<RedisFixture>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [RedisFact]
    public async Task UseRedisClustering_SilosAndClient_FindEachOtherAndStateOutlivesItsSilo()
    {
        using var first = BuildSilo(21_040);
        using var second = BuildSilo(21_041);
        using var clientHost = BuildClient();
        await first.StartAsync().WaitAsync(Limit);
        await second.StartAsync().WaitAsync(Limit);
        await clientHost.StartAsync().WaitAsync(Limit);
        var client = clientHost.Services.GetRequiredService<IClusterClient>();
        var counter = client.GetGrain<ICounterGrain>("one");
        await counter.AddAsync(2).WaitAsync(Limit);

        var hosts = await client.GetGrain<IManagementGrain>(0).GetHosts(true).WaitAsync(Limit);
        var home = await counter.GetSiloAsync().WaitAsync(Limit);
        var (leaving, staying) = home.Endpoint.Port == 21_040 ? (first, second) : (second, first);
        await leaving.StopAsync().WaitAsync(Limit);
        var sum = await staying.Services.GetRequiredService<IGrainFactory>().GetGrain<ICounterGrain>("one").AddAsync(3).WaitAsync(Limit);

        Assert.Equal([21_040, 21_041], hosts.Keys.Select(silo => silo.Endpoint.Port).Order());
        Assert.Equal(5, sum);
        await clientHost.StopAsync().WaitAsync(Limit);
        await staying.StopAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task UseRedisClustering_NoAddress_SaysWhatToSet()
    {
        using var host = Build(builder => builder.UseOrleans(silo => silo.UseRedisClustering((RedisClusteringOptions _) => { })));

        var exception = await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync().WaitAsync(Limit));

        Assert.Contains(nameof(RedisClusteringOptions.ConfigurationOptions), exception.Message, StringComparison.Ordinal);
    }

    private static IHost Build(Action<HostApplicationBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        configure(builder);
        return builder.Build();
    }

    private static void SetIds(ClusterOptions cluster) => (cluster.ClusterId, cluster.ServiceId) = ("redis-cluster", "redis-service");

    private IHost BuildSilo(int port) => Build(builder => builder.UseOrleans(silo => silo
        .UseRedisClustering(redis.Address)
        .ConfigureEndpoints(System.Net.IPAddress.Loopback, port, port + 100)
        .Configure<ClusterOptions>(SetIds)
        .AddRedisGrainStorageAsDefault(options => options.ConfigurationOptions = ConfigurationOptions.Parse(redis.Address))));

    private IHost BuildClient() => Build(builder => builder.UseOrleansClient(client => client
        .UseRedisClustering(redis.Address)
        .Configure<ClusterOptions>(SetIds)));
}

[Alias("test.ICounterGrain")]
public interface ICounterGrain : IGrainWithStringKey
{
    [Alias("Add")]
    Task<int> AddAsync(int amount);

    [Alias("GetSilo")]
    Task<SiloAddress> GetSiloAsync();
}

[GrainType("test-counter"), RandomPlacement]
internal sealed class CounterGrain([PersistentState("balance")] IPersistentState<Balance> balance, ILocalSiloDetails silo) : Grain, ICounterGrain
{
    public async Task<int> AddAsync(int amount)
    {
        balance.State.Amount += amount;
        await balance.WriteStateAsync();
        return balance.State.Amount;
    }

    public Task<SiloAddress> GetSiloAsync() => Task.FromResult(silo.SiloAddress);
}
