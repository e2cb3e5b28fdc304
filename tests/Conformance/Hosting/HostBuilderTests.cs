using System.Net;
using System.Net.Sockets;
using Dpark.Conformance.Calls;
using Dpark.Conformance.Clusters;
using Dpark.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Dpark.Conformance.Hosting;

/// <summary>The ways to add a silo or a client to a host, and what they set.</summary>
public sealed class HostBuilderTests
{
    [InProcessFact]
    public async Task HostBuilders_OfTheOlderKind_RunASiloAndAClient()
    {
        var (siloPort, gatewayPort) = (FreePorts.Next(), FreePorts.Next());
        using var silo = NewHostBuilder()
            .UseOrleans((context, builder) => builder.UseLocalhostClustering(siloPort, gatewayPort))
            .Build();
        using var client = NewHostBuilder()
            .UseOrleansClient((context, builder) => builder.UseLocalhostClustering(gatewayPort))
            .Build();

        await silo.StartAsync().Within("the start of the silo");
        await client.StartAsync().Within("the start of the client");
        var answer = await client.Services.GetRequiredService<IClusterClient>().GetGrain<ISignatureGrain>(TestKeys.New()).AddAsync(7).Within("a call");
        await client.StopAsync().Within("the stop of the client");
        await silo.StopAsync().Within("the stop of the silo");

        Assert.Equal(7, answer);
    }

    [InProcessFact]
    public async Task HostApplicationBuilder_ByItsInterface_RunsASilo()
    {
        var builder = SiloHosts.NewBuilder();
        var (siloPort, gatewayPort) = (FreePorts.Next(), FreePorts.Next());
        IHostApplicationBuilder byInterface = builder;

        var same = byInterface.UseOrleans(silo => silo.UseLocalhostClustering(siloPort, gatewayPort));
        using var host = builder.Build();
        await host.StartAsync().Within("the start of the silo");
        var answer = await host.Services.GetRequiredService<IClusterClient>().GetGrain<ISignatureGrain>(TestKeys.New()).AddAsync(3).Within("a call of the hosted client");
        await host.StopAsync().Within("the stop of the silo");

        Assert.Same(builder, same);
        Assert.Equal(3, answer);
    }

    [InProcessFact]
    public void Configuration_OfTheSectionOrleans_IsTaken()
    {
        var builder = SiloHosts.NewBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Orleans:ClusterId"] = "configured-cluster",
            ["Orleans:ServiceId"] = "configured-service",
            ["Orleans:Name"] = "configured-silo",
            ["Orleans:Endpoints:SiloPort"] = "12345",
            ["Orleans:Endpoints:GatewayPort"] = "0",
            ["Orleans:Messaging:ResponseTimeout"] = "00:00:07",
        });
        builder.UseOrleans(silo => silo.UseLocalhostClustering(12_345, 0));
        using var host = builder.Build();

        var cluster = host.Services.GetRequiredService<IOptions<ClusterOptions>>().Value;

        Assert.Equal(("configured-cluster", "configured-service"), (cluster.ClusterId, cluster.ServiceId));
        Assert.Equal("configured-silo", host.Services.GetRequiredService<IOptions<SiloOptions>>().Value.SiloName);
        Assert.Equal(TimeSpan.FromSeconds(7), host.Services.GetRequiredService<IOptions<SiloMessagingOptions>>().Value.ResponseTimeout);
    }

    [InProcessFact]
    public void ConfigureEndpoints_EachForm_SetsTheOptions()
    {
        var byPorts = EndpointsOf(silo => silo.ConfigureEndpoints(IPAddress.Loopback, 1, 2));
        var anywhere = EndpointsOf(silo => silo.ConfigureEndpoints(IPAddress.Loopback, 3, 4, listenOnAnyHostAddress: true));
        var byName = EndpointsOf(silo => silo.ConfigureEndpoints("localhost", 5, 6, AddressFamily.InterNetwork));

        Assert.Equal((IPAddress.Loopback, 1, 2), (byPorts.AdvertisedIPAddress, byPorts.SiloPort, byPorts.GatewayPort));
        Assert.Equal(new IPEndPoint(IPAddress.Any, 3), anywhere.SiloListeningEndpoint);
        Assert.Equal(new IPEndPoint(IPAddress.Any, 4), anywhere.GatewayListeningEndpoint);
        Assert.Equal((IPAddress.Loopback, 5, 6), (byName.AdvertisedIPAddress, byName.SiloPort, byName.GatewayPort));
    }

    [InProcessFact]
    public async Task StartupTasks_OfEachForm_RunAtTheirStages()
    {
        var record = new HostRecord();
        var builder = SiloHosts.NewBuilder();
        builder.Services.AddSingleton(record);
        builder.UseSilo(silo =>
        {
            silo.AddStartupTask<RecordingTask>();
            silo.AddStartupTask((services, _) =>
            {
                record.Add("delegate");
                return Task.CompletedTask;
            }, ServiceLifecycleStage.Active + 1);
            silo.AddStartupTask(new RecordingTask(record), ServiceLifecycleStage.Active + 2);
        });
        using var host = builder.Build();

        await host.StartAsync().Within("the start of the silo");
        await host.StopAsync().Within("the stop of the silo");

        Assert.Equal(["class", "delegate", "class"], record.Entries);
    }

    [InProcessFact]
    public async Task SiloLifecycle_WhileRunning_KnowsItsStages()
    {
        var builder = SiloHosts.NewBuilder();
        var stages = new StageWatcher();
        builder.UseSilo(silo => silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(stages));
        using var host = builder.Build();

        await host.StartAsync().Within("the start of the silo");
        var running = stages.Lifecycle!.HighestCompletedStage;
        await host.StopAsync().Within("the stop of the silo");

        Assert.True(stages.AtStart < ServiceLifecycleStage.Active, $"{stages.AtStart}");
        Assert.True(running >= ServiceLifecycleStage.Active, $"{running}");
        Assert.True(stages.Lifecycle.LowestStoppedStage <= ServiceLifecycleStage.RuntimeInitialize, $"{stages.Lifecycle.LowestStoppedStage}");
    }

    private static EndpointOptions EndpointsOf(Action<ISiloBuilder> configure)
    {
        var builder = SiloHosts.NewBuilder();
        builder.UseOrleans(silo =>
        {
            silo.UseDevelopmentClustering(new IPEndPoint(IPAddress.Loopback, 1));
            configure(silo);
        });
        using var host = builder.Build();
        return host.Services.GetRequiredService<IOptions<EndpointOptions>>().Value;
    }

    private static HostBuilder NewHostBuilder()
    {
        var builder = new HostBuilder();
        builder.ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.Error));
        return builder;
    }

    private sealed class RecordingTask(HostRecord record) : IStartupTask
    {
        public Task Execute(CancellationToken cancellationToken)
        {
            record.Add("class");
            return Task.CompletedTask;
        }
    }

    private sealed class StageWatcher : ILifecycleParticipant<ISiloLifecycle>
    {
        public ISiloLifecycle? Lifecycle { get; private set; }

        public int AtStart { get; private set; }

        public void Participate(ISiloLifecycle lifecycle)
        {
            Lifecycle = lifecycle;
            lifecycle.Subscribe("watcher", ServiceLifecycleStage.Active, _ =>
            {
                AtStart = lifecycle.HighestCompletedStage;
                return Task.CompletedTask;
            });
        }
    }
}
