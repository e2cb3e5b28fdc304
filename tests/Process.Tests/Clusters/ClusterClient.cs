using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Clustering.Redis;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Dpark.Tests.Process.Clusters;

/// <summary>A client of the actor runtime alone, which asks what the silos know of each other.</summary>
internal sealed class ClusterClient : IDisposable
{
    private const int MaxAttempts = 4;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    // Nobody outside of the silos is told of a change of the membership.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly IHost _host;

    private ClusterClient(IHost host) => _host = host;

    private IClusterClient Client => _host.Services.GetRequiredService<IClusterClient>();

    /// <summary>Starts one. A machine with much to do may not answer within the limits of a client, so it is tried several times.</summary>
    public static async Task<ClusterClient> StartAsync(ChildCluster cluster)
    {
        for (var attempt = 1; ; attempt++)
        {
            var host = Build(cluster);
            try
            {
                await host.StartAsync().WaitAsync(Limit);
                return new ClusterClient(host);
            }
            catch (Exception e) when (e is OrleansException or RedisClusteringException && attempt < MaxAttempts)
            {
                host.Dispose();
            }
        }
    }

    private static IHost Build(ChildCluster cluster)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleansClient(client => client
            .UseRedisClustering(cluster.Redis.Address)
            .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (cluster.Id, cluster.Id)));
        return builder.Build();
    }

    /// <summary>Waits until the membership is as it should be.</summary>
    public async Task UntilAsync(Predicate<Dictionary<SiloAddress, SiloStatus>> isReached)
    {
        using var limit = new CancellationTokenSource(Limit);
        var hosts = new Dictionary<SiloAddress, SiloStatus>();
        while (!limit.IsCancellationRequested)
        {
            try
            {
                hosts = await Client.GetGrain<IManagementGrain>(0).GetHosts().WaitAsync(TimeSpan.FromSeconds(1), limit.Token);
                if (isReached(hosts))
                {
                    return;
                }
            }
            catch (Exception e) when (e is OrleansException or TimeoutException)
            {
                // The silo that was asked is the one that has died.
            }

            await Task.Delay(Pause, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        Assert.Fail($"The membership stayed as it is for {Limit}: {string.Join(", ", hosts)}.");
    }

    /// <summary>The silo on which a grain is active; <see langword="null"/> if it is not.</summary>
    public async Task<SiloAddress?> FindAsync<TGrain>(string key)
        where TGrain : IGrainWithStringKey
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await Client.GetGrain<IManagementGrain>(0).GetActivationAddress(Client.GetGrain<TGrain>(key));
            }
            catch (Exception e) when (e is OrleansException or TimeoutException && attempt < MaxAttempts)
            {
                await Task.Delay(Pause);
            }
        }
    }

    public void Dispose() => _host.Dispose();
}
