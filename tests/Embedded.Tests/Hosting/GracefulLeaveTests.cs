using System.Net;
using Dpark.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans;
using Orleans.Hosting;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Dpark.Tests.Hosting;

/// <summary>A silo that leaves gracefully takes no call with it: neither one that goes through its gateway, nor one of a grain that it had.</summary>
public sealed class GracefulLeaveTests : IAsyncDisposable, IAsyncLifetime
{
    private const int CallCount = 40;

    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(2);

    private readonly List<IHost> _hosts = [];
    private readonly (int Silo, int Gateway)[] _ports = FreePorts.NextPairs(2);

    [Fact]
    public async Task Gateway_LeavesWhileCallsRunElsewhere_TheyAreAnswered()
    {
        var (stays, leaves, client) = await StartAsync();
        LeaveGate.Reset();
        var grains = client.Services.GetRequiredService<IClusterClient>();
        await PlaceAsync(grains, "holds", leaves);
        for (var i = 0; i < CallCount; i++)
        {
            await PlaceAsync(grains, $"calls-{i}", stays);
        }

        // Whichever gateway each of them takes.
        var early = Enumerable.Range(0, CallCount / 2).Select(i => grains.GetGrain<ILeaveGrain>($"calls-{i}").WaitForEarlyAsync()).ToList();
        var late = Enumerable.Range(CallCount / 2, CallCount / 2).Select(i => grains.GetGrain<ILeaveGrain>($"calls-{i}").WaitForLateAsync()).ToList();
        var stop = leaves.StopAsync();
        await LeaveGate.Deactivating.Task.WaitAsync(s_limit);

        // While the silo leaves, and when it has left.
        LeaveGate.Early.SetResult();
        await Task.WhenAll(early).WaitAsync(s_limit);
        LeaveGate.Deactivate.SetResult();
        await stop.WaitAsync(s_limit);
        LeaveGate.Late.SetResult();
        await Task.WhenAll(late).WaitAsync(s_limit);
    }

    [Fact]
    public async Task Silo_LeavesWithRequestsThatWait_TheyAreAnsweredByAnother()
    {
        var (stays, leaves, _) = await StartAsync();
        LeaveGate.Reset();
        var grains = stays.Services.GetRequiredService<IGrainFactory>();
        await PlaceAsync(grains, "holds", leaves);

        var stop = leaves.StopAsync();
        await LeaveGate.Deactivating.Task.WaitAsync(s_limit);
        var calls = Enumerable.Range(0, CallCount).Select(_ => grains.GetGrain<ILeaveGrain>("holds").WhereAsync()).ToList();
        LeaveGate.Activate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        LeaveGate.Deactivate.SetResult();
        await stop.WaitAsync(s_limit);

        // The silo is dead, and what it has sent on has not been answered yet.
        Assert.All(calls, call => Assert.False(call.IsCompleted));
        LeaveGate.Activate.SetResult();
        Assert.All(await Task.WhenAll(calls).WaitAsync(s_limit), silo => Assert.Equal(NameOf(stays), silo));
    }

    [Fact]
    public async Task Silo_LeavesAfterAGrainWasPlacedOnIt_TheGrainIsPlacedAnew()
    {
        var (stays, leaves, _) = await StartAsync();
        LeaveGate.Reset();
        await PlaceAsync(stays.Services.GetRequiredService<IGrainFactory>(), "holds", leaves);

        var call = leaves.Services.GetRequiredService<IGrainFactory>().GetGrain<ILatePlacedGrain>("late").WhereAsync();
        await LeaveGate.Placing.Task.WaitAsync(s_limit);
        var stop = leaves.StopAsync();
        await LeaveGate.Deactivating.Task.WaitAsync(s_limit);
        LeaveGate.Place.SetResult();

        Assert.Equal(NameOf(stays), await call.WaitAsync(TimeSpan.FromSeconds(20)));
        LeaveGate.Deactivate.SetResult();
        await stop.WaitAsync(s_limit);
    }

    Task IAsyncLifetime.InitializeAsync() => Task.CompletedTask;

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await ((IAsyncDisposable)host).DisposeAsync();
        }
    }

    private async Task<(IHost Stays, IHost Leaves, IHost Client)> StartAsync()
    {
        var stays = await StartSiloAsync(0);
        var leaves = await StartSiloAsync(1);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleansClient(client => client.UseLocalhostClustering([.. _ports.Select(port => port.Gateway)], "service", "leave"));
        return (stays, leaves, await StartAsync(builder));
    }

    private Task<IHost> StartSiloAsync(int index)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.UseOrleans(silo => silo
            .UseLocalhostClustering(_ports[index].Silo, _ports[index].Gateway, new IPEndPoint(IPAddress.Loopback, _ports[0].Silo), "service", "leave")
            .AddPlacementDirector<LatePlacement, LateDirector>());
        return StartAsync(builder);
    }

    private async Task<IHost> StartAsync(HostApplicationBuilder builder)
    {
        var host = builder.Build();
        _hosts.Add(host);
        await host.StartAsync().WaitAsync(s_limit);
        return host;
    }

    /// <summary>Activates a grain on a silo.</summary>
    private static async Task PlaceAsync(IGrainFactory grains, string key, IHost silo)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress);
        Assert.Equal(NameOf(silo), await grains.GetGrain<ILeaveGrain>(key).WhereAsync().WaitAsync(s_limit));
        RequestContext.Clear();
    }

    private static string NameOf(IHost silo) => silo.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.ToString();
}

/// <summary>What the grains of these tests wait for, in whichever silo of the process they are.</summary>
internal static class LeaveGate
{
    public static TaskCompletionSource Early { get; private set; } = New();

    public static TaskCompletionSource Late { get; private set; } = New();

    public static TaskCompletionSource Deactivating { get; private set; } = New();

    public static TaskCompletionSource Deactivate { get; private set; } = New();

    public static TaskCompletionSource Placing { get; private set; } = New();

    public static TaskCompletionSource Place { get; private set; } = New();

    /// <summary>Null: activations do not wait.</summary>
    public static TaskCompletionSource? Activate { get; set; }

    public static void Reset() => (Early, Late, Deactivating, Deactivate, Placing, Place, Activate) = (New(), New(), New(), New(), New(), New(), null);

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

[Alias("test.ILeaveGrain")]
public interface ILeaveGrain : IGrainWithStringKey
{
    [Alias("Where")]
    Task<string> WhereAsync();

    [Alias("WaitForEarly")]
    Task WaitForEarlyAsync();

    [Alias("WaitForLate")]
    Task WaitForLateAsync();
}

[GrainType("test.leave"), RandomPlacement]
internal sealed class LeaveGrain : Grain, ILeaveGrain
{
    public override Task OnActivateAsync(CancellationToken cancellationToken) => LeaveGate.Activate?.Task ?? Task.CompletedTask;

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (this.GetPrimaryKeyString() == "holds" && LeaveGate.Deactivating.TrySetResult())
        {
            await LeaveGate.Deactivate.Task;
        }
    }

    public Task<string> WhereAsync() => Task.FromResult(RuntimeIdentity);

    public Task WaitForEarlyAsync() => LeaveGate.Early.Task;

    public Task WaitForLateAsync() => LeaveGate.Late.Task;
}

[Alias("test.ILatePlacedGrain")]
public interface ILatePlacedGrain : IGrainWithStringKey
{
    [Alias("Where")]
    Task<string> WhereAsync();
}

[GrainType("test.late"), LatePlacement]
internal sealed class LatePlacedGrain : Grain, ILatePlacedGrain
{
    public Task<string> WhereAsync() => Task.FromResult(RuntimeIdentity);
}

internal sealed class LatePlacement : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class LatePlacementAttribute() : PlacementAttribute(new LatePlacement());

/// <summary>Names the silo that asks, if it was active when it asked, but says so late.</summary>
internal sealed class LateDirector : IPlacementDirector
{
    public async Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        if (context.LocalSiloStatus != SiloStatus.Active)
        {
            return context.GetCompatibleSilos(target)[0];
        }

        LeaveGate.Placing.TrySetResult();
        await LeaveGate.Place.Task;
        return context.LocalSilo;
    }
}
