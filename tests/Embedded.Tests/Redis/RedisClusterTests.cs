using System.Globalization;
using System.Net;
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
    private readonly string _id = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);

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

    [RedisFact]
    public async Task UseRedisClustering_SiloVanishesWithoutAWord_OthersDeclareItDead()
    {
        using var first = BuildSilo(21_042, Hurry);
        using var second = BuildSilo(21_043, Hurry);
        await first.StartAsync().WaitAsync(Limit);
        await second.StartAsync().WaitAsync(Limit);

        // All that is left of a killed silo is its row.
        var vanished = SiloAddress.New(IPAddress.Loopback, 21_044, SiloAddress.AllocateNewGeneration());
        var table = first.Services.GetRequiredService<IMembershipTable>();
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        var row = new MembershipEntry { SiloAddress = vanished, Status = SiloStatus.Active, SiloName = "vanished", StartTime = now, IAmAliveTime = now };
        while (!await table.InsertRow(row, (await table.ReadAll()).Version.Next()))
        {
        }

        await Task.WhenAll(DeathAsync(first, vanished), DeathAsync(second, vanished)).WaitAsync(Limit);

        var data = await table.ReadAll();
        Assert.Equal(2, data.TryGet(vanished)!.Item1.SuspectTimes!.Count);
        Assert.Equal(2, data.Members.Count(member => member.Item1.Status == SiloStatus.Active));
        await first.StopAsync().WaitAsync(Limit);
        await second.StopAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task UseRedisClustering_NoAddress_SaysWhatToSet()
    {
        using var host = Build(builder => builder.UseOrleans(silo => silo.UseRedisClustering((RedisClusteringOptions _) => { })));

        var exception = await Assert.ThrowsAsync<OrleansConfigurationException>(() => host.StartAsync().WaitAsync(Limit));

        Assert.Contains(nameof(RedisClusteringOptions.ConfigurationOptions), exception.Message, StringComparison.Ordinal);
    }

    private static void Hurry(ClusterMembershipOptions options) =>
        options.ProbeTimeout = options.TableRefreshTimeout = TimeSpan.FromSeconds(1);

    private static async Task DeathAsync(IHost observer, SiloAddress silo)
    {
        await foreach (var snapshot in observer.Services.GetRequiredService<IClusterMembershipService>().MembershipUpdates)
        {
            if (snapshot.GetSiloStatus(silo) == SiloStatus.Dead)
            {
                return;
            }
        }
    }

    private static IHost Build(Action<HostApplicationBuilder> configure)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        configure(builder);
        return builder.Build();
    }

    // Each test has a cluster of its own.
    private void SetIds(ClusterOptions cluster) => cluster.ClusterId = cluster.ServiceId = _id;

    private IHost BuildSilo(int port, Action<ClusterMembershipOptions>? configure = null) => Build(builder => builder.UseOrleans(silo => silo
        .UseRedisClustering(redis.Address)
        .ConfigureEndpoints(IPAddress.Loopback, port, port + 100)
        .Configure<ClusterOptions>(SetIds)
        .Configure(configure ?? (_ => { }))
        .ConfigureServices(services => services.AddSingleton<IFatalErrorHandler, NoFailFast>())
        .AddRedisGrainStorageAsDefault(options => options.ConfigurationOptions = ConfigurationOptions.Parse(redis.Address))));

    private IHost BuildClient() => Build(builder => builder.UseOrleansClient(client => client
        .UseRedisClustering(redis.Address)
        .Configure<ClusterOptions>(SetIds)));

    // A machine that is too slow for these probes must fail the test, not end the process.
    private sealed class NoFailFast : IFatalErrorHandler
    {
        public bool IsUnexpected(Exception exception) => true;

        public void OnFatalException(object? sender, string? context, Exception? exception)
        {
        }
    }
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
