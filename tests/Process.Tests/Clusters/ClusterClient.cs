using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Dpark.Tests.Process.Clusters;

/// <summary>A client of the actor runtime alone, which asks what the silos know of each other.</summary>
internal sealed class ClusterClient : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    // Nobody outside of the silos is told of a change of the membership.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly IHost _host;

    private ClusterClient(IHost host) => _host = host;

    private IClusterClient Client => _host.Services.GetRequiredService<IClusterClient>();

    public static async Task<ClusterClient> StartAsync(ChildCluster cluster)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleansClient(client => client
            .UseRedisClustering(cluster.Redis.Address)
            .Configure<ClusterOptions>(options => (options.ClusterId, options.ServiceId) = (cluster.Id, cluster.Id)));
        var host = builder.Build();
        await host.StartAsync().WaitAsync(Limit);
        return new ClusterClient(host);
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
        where TGrain : IGrainWithStringKey => await Client.GetGrain<IManagementGrain>(0).GetActivationAddress(Client.GetGrain<TGrain>(key));

    public void Dispose() => _host.Dispose();
}
