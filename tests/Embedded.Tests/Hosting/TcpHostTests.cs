using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Dpark.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace Dpark.Tests.Hosting;

/// <summary>Silos and clients as separate hosts that share nothing but ports of loopback.</summary>
public sealed class TcpHostTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Silos_ThatNameThePrimary_FormOneClusterForClients()
    {
        var ports = FreePorts.NextPairs(2);
        using var primary = BuildSilo(ports[0]);
        using var secondary = BuildSilo(ports[1], ports[0].Silo);
        await primary.StartAsync().WaitAsync(Limit);
        await secondary.StartAsync().WaitAsync(Limit);
        using var client = BuildClient([ports[1].Gateway]);
        await client.StartAsync().WaitAsync(Limit);

        var hosts = await ManagementOf(client).GetHosts(true).WaitAsync(Limit);

        Assert.Equal(ports.Select(port => port.Silo), hosts.Keys.Select(silo => silo.Endpoint.Port).Order());
        await client.StopAsync().WaitAsync(Limit);
        await secondary.StopAsync().WaitAsync(Limit);
        await primary.StopAsync().WaitAsync(Limit);
        var transport = (TcpTransport)primary.Services.GetRequiredService<IMessageTransport>();
        await ((IAsyncDisposable)primary).DisposeAsync().AsTask().WaitAsync(Limit);
        Assert.Equal(0, transport.ConnectionCount);
    }

    [Fact]
    public async Task Silo_OfAnotherCluster_IsNotLetIn()
    {
        var ports = FreePorts.NextPairs(2);
        using var primary = BuildSilo(ports[0]);
        using var stranger = BuildSilo(ports[1], ports[0].Silo, "elsewhere");
        await primary.StartAsync().WaitAsync(Limit);

        var error = await Assert.ThrowsAsync<OrleansException>(() => stranger.StartAsync().WaitAsync(Limit));

        Assert.Contains("'elsewhere'", error.ToString(), StringComparison.Ordinal);
        await primary.StopAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task Client_NobodyListens_NamesTheEndpoints()
    {
        var ports = FreePorts.NextPairs(2);
        using var client = BuildClient([ports[0].Gateway, ports[1].Gateway]);

        var error = await Assert.ThrowsAsync<ConnectionFailedException>(() => client.StartAsync().WaitAsync(Limit));

        Assert.Contains($"127.0.0.1:{ports[0].Gateway}, 127.0.0.1:{ports[1].Gateway}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_NobodyAnswers_FailsAtTheTimeout()
    {
        var port = FreePorts.NextPairs(1)[0].Gateway;
        using var mute = new TcpListener(IPAddress.Loopback, port);
        mute.Start();
        using var client = BuildClient([port], openTimeout: TimeSpan.FromMilliseconds(200));
        var start = Stopwatch.GetTimestamp();

        var error = await Assert.ThrowsAsync<ConnectionFailedException>(() => client.StartAsync().WaitAsync(Limit));

        // Timers go by a coarser clock than this one, and may be a little early by it.
        Assert.True(Stopwatch.GetElapsedTime(start) >= TimeSpan.FromMilliseconds(150));
        Assert.Contains($"127.0.0.1:{port}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_OfAnotherCluster_SaysBothIds()
    {
        var port = FreePorts.NextPairs(1)[0];
        using var silo = BuildSilo(port);
        await silo.StartAsync().WaitAsync(Limit);
        using var client = BuildClient([port.Gateway], "elsewhere");

        var error = await Assert.ThrowsAsync<ConnectionFailedException>(() => client.StartAsync().WaitAsync(Limit));

        Assert.Contains("'elsewhere'", error.Message, StringComparison.Ordinal);
        Assert.Contains("'here'", error.Message, StringComparison.Ordinal);
        await silo.StopAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task Client_GatewayDies_GoesOnThroughTheOther()
    {
        var ports = FreePorts.NextPairs(2);
        using var primary = BuildSilo(ports[0]);
        using var secondary = BuildSilo(ports[1], ports[0].Silo);
        await primary.StartAsync().WaitAsync(Limit);
        await secondary.StartAsync().WaitAsync(Limit);
        using var client = BuildClient([ports[0].Gateway, ports[1].Gateway]);
        await client.StartAsync().WaitAsync(Limit);

        var isOneLeft = GatewayCountAsync(client, 1);

        await secondary.StopAsync(new CancellationToken(canceled: true)).WaitAsync(Limit);
        await isOneLeft.WaitAsync(Limit);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => GetManagement(client, i).GetHosts(true))).WaitAsync(Limit);

        Assert.All(answers, hosts => Assert.Equal(ports[0].Silo, Assert.Single(hosts.Keys).Endpoint.Port));
        await client.StopAsync().WaitAsync(Limit);
        await primary.StopAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task Client_OnlyGatewayRestarts_ConnectsAgain()
    {
        var port = FreePorts.NextPairs(1)[0];
        using var silo = BuildSilo(port);
        await silo.StartAsync().WaitAsync(Limit);
        using var client = BuildClient([port.Gateway]);
        await client.StartAsync().WaitAsync(Limit);
        var isAlone = GatewayCountAsync(client, 0);

        await silo.StopAsync().WaitAsync(Limit);
        await isAlone.WaitAsync(Limit);
        var isConnected = GatewayCountAsync(client, 1);
        using var successor = BuildSilo(port);
        await successor.StartAsync().WaitAsync(Limit);
        await isConnected.WaitAsync(Limit);
        var hosts = await ManagementOf(client).GetHosts(true).WaitAsync(Limit);

        Assert.Equal(successor.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress, Assert.Single(hosts.Keys));
        await client.StopAsync().WaitAsync(Limit);
        await successor.StopAsync().WaitAsync(Limit);
    }

    private static IManagementGrain ManagementOf(IHost host) => GetManagement(host, 0);

    private static IManagementGrain GetManagement(IHost host, long key) => host.Services.GetRequiredService<IClusterClient>().GetGrain<IManagementGrain>(key);

    /// <summary>Completes when a client comes to have so many gateways.</summary>
    private static Task GatewayCountAsync(IHost client, int count)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        client.Services.GetRequiredService<ClientRuntime>().GatewayCountChanged += now =>
        {
            if (now == count)
            {
                reached.TrySetResult();
            }
        };
        return reached.Task;
    }

    private static IHost BuildSilo((int Silo, int Gateway) port, int? primaryPort = null, string clusterId = "here")
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(silo => silo.UseLocalhostClustering(
            port.Silo, port.Gateway, primaryPort is { } primary ? new IPEndPoint(IPAddress.Loopback, primary) : null, "service", clusterId));
        return builder.Build();
    }

    private static IHost BuildClient(int[] gatewayPorts, string clusterId = "here", TimeSpan? openTimeout = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleansClient(client => client
            .UseLocalhostClustering(gatewayPorts, "service", clusterId)
            .Configure<ConnectionOptions>(options =>
            {
                options.OpenConnectionTimeout = openTimeout ?? options.OpenConnectionTimeout;
                options.ConnectionRetryDelay = TimeSpan.FromMilliseconds(50);
            }));
        return builder.Build();
    }
}
