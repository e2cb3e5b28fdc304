using Dpark.Conformance.Calls;
using Dpark.Conformance.Clusters;
using Dpark.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;
using Orleans.Runtime.Messaging;

namespace Dpark.Conformance.Hosting;

public sealed class ClientHostTests
{
    [InProcessFact]
    public async Task Client_OfAnotherHost_CallsGrainsUntilItStops()
    {
        var siloBuilder = SiloHosts.NewBuilder();
        var gatewayPort = siloBuilder.UseSilo();
        using var silo = siloBuilder.Build();
        await silo.StartAsync().Within("the start of the silo");
        using var client = NewClient(gatewayPort);

        await client.StartAsync().Within("the start of the client");
        var grain = client.Services.GetRequiredService<IClusterClient>().GetGrain<ISignatureGrain>(TestKeys.New());
        var answer = await grain.AddAsync(7).Within("a call");
        await client.StopAsync().Within("the stop of the client");
        Assert.Throws<ObjectDisposedException>(() => { _ = grain.AddAsync(7); });
        await silo.StopAsync().Within("the stop of the silo");

        Assert.Equal(7, answer);
    }

    [InProcessFact]
    public async Task Client_WhoseSiloStops_TellsItsHandlers()
    {
        var lost = new TaskCompletionSource();
        var counts = new List<(int Now, int Before)>();
        var siloBuilder = SiloHosts.NewBuilder();
        var gatewayPort = siloBuilder.UseSilo();
        using var silo = siloBuilder.Build();
        await silo.StartAsync().Within("the start of the silo");
        using var client = NewClient(gatewayPort, builder => builder
            .AddClusterConnectionLostHandler((_, _) => lost.TrySetResult())
            .AddGatewayCountChangedHandler((_, change) => counts.Add((change.NumberOfConnectedGateways, change.PreviousNumberOfConnectedGateways))));
        await client.StartAsync().Within("the start of the client");

        await silo.StopAsync().Within("the stop of the silo");
        await lost.Task.Within("the loss of the connection");

        Assert.Contains((0, 1), counts);
        await client.StopAsync().Within("the stop of the client");
    }

    [InProcessFact]
    public async Task Client_WithoutGateway_FailsTheStart()
    {
        using var client = NewClient(FreePorts.Next());
        using var patience = new CancellationTokenSource(Differences.ClientsWaitForAGateway ? TimeSpan.FromSeconds(2) : Waiting.Limit);

        var exception = await client.StartAsync(patience.Token).FailureWithin("the start of the client");

        Assert.IsAssignableFrom(Differences.ClientsWaitForAGateway ? typeof(OperationCanceledException) : typeof(ConnectionFailedException), exception);
    }

    [InProcessFact]
    public async Task Client_WithRetryFilter_TriesUntilTheFilterSaysNo()
    {
        var attempts = new List<Exception>();
        using var client = NewClient(FreePorts.Next(), builder => builder.UseConnectionRetryFilter((exception, _) =>
        {
            attempts.Add(exception);
            return Task.FromResult(attempts.Count < 3);
        }));

        await client.StartAsync().FailureWithin("the start of the client");

        Assert.Equal(3, attempts.Count);
        Assert.All(attempts, attempt => Assert.IsType<ConnectionFailedException>(attempt));
    }

    [InProcessFact]
    public async Task Client_WithRetryFilter_ConnectsWhenTheSiloComes()
    {
        var siloBuilder = SiloHosts.NewBuilder();
        var gatewayPort = siloBuilder.UseSilo();
        using var silo = siloBuilder.Build();
        Task? siloStart = null;
        using var client = NewClient(gatewayPort, builder => builder.UseConnectionRetryFilter(async (_, token) =>
        {
            await (siloStart ??= silo.StartAsync(token));
            return true;
        }));

        await client.StartAsync().Within("the start of the client");
        var grain = client.Services.GetRequiredService<IClusterClient>().GetGrain<ISignatureGrain>(TestKeys.New());
        var answer = await grain.AddAsync(7).Within("a call");
        await client.StopAsync().Within("the stop of the client");
        await silo.StopAsync().Within("the stop of the silo");

        Assert.Equal(7, answer);
    }

    [InProcessFact]
    public async Task LifecycleParticipants_OfClient_StartUpwardsAndStopDownwards()
    {
        var siloBuilder = SiloHosts.NewBuilder();
        var gatewayPort = siloBuilder.UseSilo();
        using var silo = siloBuilder.Build();
        await silo.StartAsync().Within("the start of the silo");
        var record = new HostRecord();
        using var client = NewClient(gatewayPort, builder =>
            builder.Services.AddSingleton<ILifecycleParticipant<IClusterClientLifecycle>>(new ClientStageRecorder(record, 20_000, 5_000)));

        await client.StartAsync().Within("the start of the client");
        await client.StopAsync().Within("the stop of the client");
        await silo.StopAsync().Within("the stop of the silo");

        Assert.Equal(["stage 5000", "stage 20000", "stop 20000", "stop 5000"], record.Entries);
    }

    private static IHost NewClient(int gatewayPort, Action<IClientBuilder>? configure = null)
    {
        var builder = SiloHosts.NewBuilder();
        builder.UseOrleansClient(client =>
        {
            client.UseLocalhostClustering(gatewayPort);
            configure?.Invoke(client);
        });
        return builder.Build();
    }
}
