using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Messaging;
using Orleans.Runtime;

namespace Dpark.Tests.Hosting;

/// <summary>What a client makes of a list of gateways that changes.</summary>
public sealed class GatewayListTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly InMemoryTransport _network = new();
    private readonly ChangingList _list = new(101, 102);

    [Fact]
    public async Task Client_GatewayLeavesTheListWithoutClosing_IsLeftAndItsRequestsGoElsewhere()
    {
        using var first = BuildSilo(1);
        using var second = BuildSilo(2);
        await first.StartAsync().WaitAsync(Limit);
        await second.StartAsync().WaitAsync(Limit);
        var stuck = new StuckTransport(_network, Endpoint(101));
        using var client = BuildClient(stuck);
        await client.StartAsync().WaitAsync(Limit);
        var grains = client.Services.GetRequiredService<IClusterClient>();

        var connection = stuck.Hold();
        var calls = Enumerable.Range(0, 20).Select(i => grains.GetGrain<IManagementGrain>(i).GetHosts(true)).ToList();
        Assert.NotEqual(0, connection.HeldCount);
        await _list.Set(102).WaitAsync(Limit);

        Assert.All(await Task.WhenAll(calls).WaitAsync(Limit), hosts => Assert.Equal(2, hosts.Count));
        await client.StopAsync().WaitAsync(Limit);
        await second.StopAsync().WaitAsync(Limit);
        await first.StopAsync().WaitAsync(Limit);
    }

    [Fact]
    public async Task Client_ListBecomesEmpty_KeepsTheGatewaysThatItHas()
    {
        using var silo = BuildSilo(1);
        await silo.StartAsync().WaitAsync(Limit);
        _ = _list.Set(101);
        using var client = BuildClient(_network);
        await client.StartAsync().WaitAsync(Limit);

        // Refreshes follow one another, so the second one begins when the first one that saw the empty list is over.
        var seen = _list.Set();
        await seen.WaitAsync(Limit);
        await _list.Set().WaitAsync(Limit);

        var hosts = await client.Services.GetRequiredService<IClusterClient>().GetGrain<IManagementGrain>(0).GetHosts(true).WaitAsync(Limit);
        Assert.Single(hosts);
        await client.StopAsync().WaitAsync(Limit);
        await silo.StopAsync().WaitAsync(Limit);
    }

    private static IPEndPoint Endpoint(int port) => new(IPAddress.Loopback, port);

    private IHost BuildSilo(int port) => Build(builder => builder.UseOrleans(silo => silo.UseLocalhostClustering(port, 100 + port, Endpoint(1), "service", "list")), _network);

    private IHost BuildClient(IMessageTransport network) => Build(
        builder =>
        {
            builder.UseOrleansClient(client => client.Configure<GatewayOptions>(options => options.GatewayListRefreshPeriod = TimeSpan.FromMilliseconds(50)));
            builder.Services.AddSingleton<IGatewayListProvider>(_list);
        },
        network);

    private static IHost Build(Action<HostApplicationBuilder> configure, IMessageTransport network)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Services.AddSingleton(network);
        builder.Services.Configure<ClusterOptions>(options => (options.ServiceId, options.ClusterId) = ("service", "list"));
        configure(builder);
        return builder.Build();
    }

    /// <summary>A list that a test changes.</summary>
    private sealed class ChangingList(params int[] ports) : IGatewayListProvider
    {
        private readonly Lock _gate = new();
        private int[] _ports = ports;
        private TaskCompletionSource _seen = new();

        public TimeSpan MaxStaleness => TimeSpan.FromMilliseconds(50);

        public bool IsUpdatable => true;

        /// <returns>Completes when the client asks for the list the next time.</returns>
        public Task Set(params int[] ports)
        {
            lock (_gate)
            {
                _ports = ports;
                _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
                return _seen.Task;
            }
        }

        public Task InitializeGatewayListProvider() => Task.CompletedTask;

        public Task<IList<Uri>> GetGateways()
        {
            lock (_gate)
            {
                _seen.TrySetResult();
                return Task.FromResult<IList<Uri>>([.. _ports.Select(port => new Uri($"gwy.tcp://127.0.0.1:{port}/0"))]);
            }
        }
    }
}
