using Dpark.Conformance.Activations;
using Dpark.Conformance.Clusters;
using Dpark.Conformance.Hosting;
using Dpark.Conformance.Signals;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace Dpark.Conformance.Calls;

/// <summary>Calls whose own host ends, or whose cluster does.</summary>
public sealed class HostEndTests
{
    [InProcessFact]
    public async Task OutstandingCall_OfAClientThatStops_IsSiloUnavailable()
    {
        using var silo = await StartSiloAsync();
        using var client = await StartClientAsync(silo.GatewayPort);
        var grains = client.Services.GetRequiredService<IClusterClient>();
        var gate = grains.GetGrain<IGateGrain>(TestKeys.New());
        var call = gate.PassAsync();
        await gate.WaitForArrivalsAsync(1).Within("the call at the gate");

        await client.StopAsync().Within("the stop of the client");

        Assert.IsType<SiloUnavailableException>(await call.FailureWithin("the outstanding call"));
    }

    [InProcessFact]
    public async Task OutstandingCall_OfASiloThatStops_IsSiloUnavailable()
    {
        using var silo = await StartSiloAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        var gate = silo.Host.Services.GetRequiredService<IGrainFactory>().GetGrain<IGateGrain>(TestKeys.New());
        var call = gate.PassAsync();
        await gate.WaitForArrivalsAsync(1).Within("the call at the gate");

        await Record.ExceptionAsync(() => silo.Host.StopAsync(patience.Token).Within("the stop of the silo"));

        Assert.IsType<SiloUnavailableException>(await call.FailureWithin("the outstanding call"));
    }

    [InProcessFact]
    public async Task Call_OfAClientWithoutAnyGateway_IsRefused()
    {
        using var silo = await StartSiloAsync();
        var lost = new TaskCompletionSource();
        using var client = await StartClientAsync(silo.GatewayPort, builder => builder.AddClusterConnectionLostHandler((_, _) => lost.TrySetResult()));
        var grain = client.Services.GetRequiredService<IClusterClient>().GetGrain<ILifetimeGrain>(TestKeys.New(), typeof(LifetimeGrain).FullName);
        await grain.VisitAsync().Within("a call while the silo lives");

        await silo.Host.StopAsync().Within("the stop of the silo");
        await lost.Task.Within("the loss of the connection");
        var exception = await grain.VisitAsync().FailureWithin("a call without a gateway");

        Assert.True(exception is OrleansMessageRejectionException or ConnectionFailedException, exception.ToString());
        await client.StopAsync().Within("the stop of the client");
    }

    [InProcessFact]
    public async Task LoadShedding_AboveTheThreshold_RefusesClientsUntilItIsBelow()
    {
        using var silo = await StartSiloAsync(builder => builder.Configure<LoadSheddingOptions>(options =>
        {
            options.LoadSheddingEnabled = true;
            options.CpuThreshold = 100;
            options.MemoryThreshold = 100;
        }));
        using var client = await StartClientAsync(silo.GatewayPort);
        var limits = silo.Host.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<LoadSheddingOptions>>().Value;
        var grain = client.Services.GetRequiredService<IClusterClient>().GetGrain<ILifetimeGrain>(TestKeys.New(), typeof(LifetimeGrain).FullName);
        await grain.VisitAsync().Within("a call below the threshold");

        limits.MemoryThreshold = 0;
        var refusal = await UntilRefusedAsync(grain).Within("a refusal");
        limits.MemoryThreshold = 100;
        var answer = await UntilAnsweredAsync(grain).Within("an answer");

        Assert.IsType<GatewayTooBusyException>(refusal);
        Assert.True(answer.Count > 1, "The activation is another.");
        await client.StopAsync().Within("the stop of the client");
    }

    // How loaded the silo is may be looked at once a second only.
    private static async Task<Exception> UntilRefusedAsync(ILifetimeGrain grain)
    {
        while (true)
        {
            if (await Record.ExceptionAsync(grain.VisitAsync) is { } exception)
            {
                return exception;
            }
        }
    }

    private static async Task<Visit> UntilAnsweredAsync(ILifetimeGrain grain)
    {
        while (true)
        {
            try
            {
                return await grain.VisitAsync();
            }
            catch (GatewayTooBusyException)
            {
                await Task.Yield();
            }
        }
    }

    private static async Task<RunningSilo> StartSiloAsync(Action<ISiloBuilder>? configure = null)
    {
        var builder = SiloHosts.NewBuilder();
        var gatewayPort = builder.UseSilo(configure);
        var host = builder.Build();
        await host.StartAsync().Within("the start of the silo");
        return new RunningSilo(host, gatewayPort);
    }

    private static async Task<IHost> StartClientAsync(int gatewayPort, Action<IClientBuilder>? configure = null)
    {
        var builder = SiloHosts.NewBuilder();
        builder.UseOrleansClient(client =>
        {
            client.UseLocalhostClustering(gatewayPort);
            configure?.Invoke(client);
        });
        var client = builder.Build();
        await client.StartAsync().Within("the start of the client");
        return client;
    }

    private sealed record RunningSilo(IHost Host, int GatewayPort) : IDisposable
    {
        public void Dispose()
        {
            // Nothing that the test has left may hold it up.
            Host.StopAsync(new CancellationToken(canceled: true)).ContinueWith(static task => task.Exception, TaskScheduler.Default).GetAwaiter().GetResult();
            Host.Dispose();
        }
    }
}
