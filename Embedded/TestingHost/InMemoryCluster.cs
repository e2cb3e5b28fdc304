using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Messaging;
using Orleans.Runtime;
using Orleans.Runtime.GrainDirectory;
using Orleans.Runtime.MembershipService;

namespace Orleans.TestingHost;

/// <summary>
/// What the silos and clients of one test cluster share: a membership table and, unless they talk over TCP, a network, both in memory and unknown to other clusters.
/// </summary>
internal sealed class InMemoryCluster
{
    private readonly InMemoryMembershipTable _table = new();
    private readonly InMemoryTransport _network = new();

    public void ConfigureSilo(IHostBuilder builder, TestClusterOptions options) =>
        builder.ConfigureServices(services => ConfigureSilo(services, options.UseTestClusterMembership, options.ConnectionTransport));

    public void ConfigureSilo(IServiceCollection services, bool useMembership, ConnectionTransportType transport)
    {
        ConfigureTransport(services, transport);
        services.AddSingleton<IFatalErrorHandler, TestFatalErrorHandler>();
        if (useMembership)
        {
            services.AddSingleton<IMembershipTable>(_table);
        }
    }

    public void ConfigureClient(IHostBuilder builder, TestClusterOptions options) =>
        builder.ConfigureServices(services => ConfigureClient(services, options.UseTestClusterMembership, options.ConnectionTransport));

    public void ConfigureClient(IServiceCollection services, bool useMembership, ConnectionTransportType transport)
    {
        ConfigureTransport(services, transport);
        if (useMembership)
        {
            services.AddSingleton<IMembershipTable>(_table);
            services.AddSingleton<IGatewayListProvider, MembershipGatewayListProvider>();
        }
    }

    /// <summary>Completes when these silos, and no others, are active in the eyes of each of them, and each knows its directory entries.</summary>
    /// <exception cref="TimeoutException">They did not agree in the time that <see cref="TestCluster.GetLivenessStabilizationTime"/> gives.</exception>
    public static async Task WaitForViewsAsync(IReadOnlyList<InProcessSiloHandle> silos, bool didKill)
    {
        var expected = silos.Select(silo => silo.SiloAddress).ToHashSet();
        var limit = TestCluster.GetLivenessStabilizationTime(new ClusterMembershipOptions(), didKill);
        try
        {
            await Task.WhenAll(silos.Select(silo => WaitForViewAsync(silo, expected))).WaitAsync(limit).ConfigureAwait(false);
        }
        catch (TimeoutException exception)
        {
            var views = silos.Select(silo => $"{silo.Name} sees {silo.ServiceProvider.GetRequiredService<IClusterMembershipService>().CurrentSnapshot}");
            throw new TimeoutException($"The silos did not agree on {string.Join(", ", silos)} within {limit}: {string.Join("; ", views)}.", exception);
        }
    }

    public static async Task StopAsync(IHost host, CancellationToken token)
    {
        try
        {
            await host.StopAsync(token).ConfigureAwait(false);
        }
        catch (Exception) when (token.IsCancellationRequested)
        {
            // Who kills a host does not care what it says.
        }
        finally
        {
            await ((IAsyncDisposable)host).DisposeAsync().ConfigureAwait(false);
        }
    }

    private void ConfigureTransport(IServiceCollection services, ConnectionTransportType transport)
    {
        if (transport == ConnectionTransportType.InMemory)
        {
            services.AddSingleton<IMessageTransport>(_network);
        }
    }

    private static async Task WaitForViewAsync(InProcessSiloHandle silo, HashSet<SiloAddress> expected)
    {
        await foreach (var snapshot in silo.ServiceProvider.GetRequiredService<IClusterMembershipService>().MembershipUpdates.ConfigureAwait(false))
        {
            if (expected.SetEquals(snapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => member.SiloAddress)))
            {
                break;
            }
        }

        await silo.ServiceProvider.GetRequiredService<DistributedGrainLocator>().Recovered.ConfigureAwait(false);
    }
}
