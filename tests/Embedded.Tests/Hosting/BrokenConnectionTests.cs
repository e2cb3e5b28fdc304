using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;

namespace Dpark.Tests.Hosting;

/// <summary>Connections that break while frames wait to be sent.</summary>
public sealed class BrokenConnectionTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly InMemoryTransport _network = new();

    [Fact]
    public async Task Client_GatewayBreaksWithRequestsQueued_SendsThemThroughAnother()
    {
        using var first = BuildSilo(_network, 1);
        using var second = BuildSilo(_network, 2);
        await first.StartAsync().WaitAsync(Limit);
        await second.StartAsync().WaitAsync(Limit);
        var stuck = new StuckTransport(_network, Endpoint(101));
        using var client = Build(builder => builder.UseOrleansClient(client => client.UseStaticClustering(Endpoint(101), Endpoint(102))), stuck);
        await client.StartAsync().WaitAsync(Limit);
        var grains = client.Services.GetRequiredService<IClusterClient>();

        var connection = stuck.Hold();
        var calls = Enumerable.Range(0, 20).Select(i => grains.GetGrain<IManagementGrain>(i).GetHosts(true)).ToList();
        Assert.NotEqual(0, connection.HeldCount);
        connection.Close();

        Assert.All(await Task.WhenAll(calls).WaitAsync(Limit), hosts => Assert.Equal(2, hosts.Count));
        await StopAsync(client, second, first);
    }

    [Fact]
    public async Task Client_OnlyGatewayBreaksWithRequestsQueued_RejectsThemAtOnce()
    {
        using var silo = BuildSilo(_network, 1);
        await silo.StartAsync().WaitAsync(Limit);
        var stuck = new StuckTransport(_network, Endpoint(101));
        using var client = Build(builder => builder.UseOrleansClient(client => client.UseStaticClustering(Endpoint(101))), stuck);
        await client.StartAsync().WaitAsync(Limit);

        var connection = stuck.Hold();
        var call = client.Services.GetRequiredService<IClusterClient>().GetGrain<IManagementGrain>(0).GetHosts(true);
        connection.Close();

        var error = await Assert.ThrowsAsync<OrleansMessageRejectionException>(() => call.WaitAsync(Limit));
        Assert.StartsWith("No gateways available", error.Message, StringComparison.Ordinal);
        await StopAsync(client, silo);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Silo_ConnectionBreaksWithRequestsQueued_SendsThemOverANewOne(bool hasBegunIt)
    {
        // The second silo connects to the first, to join.
        var stuck = new StuckTransport(_network, Endpoint(1));
        using var first = BuildSilo(hasBegunIt ? _network : stuck, 1);
        using var second = BuildSilo(hasBegunIt ? stuck : _network, 2);
        await first.StartAsync().WaitAsync(Limit);
        await second.StartAsync().WaitAsync(Limit);
        var (sender, receiver) = hasBegunIt ? (second, first) : (first, second);
        var target = sender.Services.GetRequiredService<Func<SiloAddress, IMembershipProbeTarget>>()(receiver.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress);
        await target.ProbeAsync().WaitAsync(Limit);

        var connection = stuck.Hold();
        var call = target.ProbeAsync();
        Assert.NotEqual(0, connection.HeldCount);
        connection.Close();

        await call.WaitAsync(Limit);
        await StopAsync(second, first);
    }

    private static IPEndPoint Endpoint(int port) => new(IPAddress.Loopback, port);

    private static async Task StopAsync(params IHost[] hosts)
    {
        foreach (var host in hosts)
        {
            await host.StopAsync().WaitAsync(Limit);
        }
    }

    private static IHost BuildSilo(IMessageTransport network, int port) => Build(
        builder => builder.UseOrleans(silo => silo.UseLocalhostClustering(port, 100 + port, Endpoint(1), "service", "broken")), network);

    private static IHost Build(Action<HostApplicationBuilder> configure, IMessageTransport network)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton(network);
        builder.Services.Configure<ClusterOptions>(options => (options.ServiceId, options.ClusterId) = ("service", "broken"));
        configure(builder);
        return builder.Build();
    }
}
