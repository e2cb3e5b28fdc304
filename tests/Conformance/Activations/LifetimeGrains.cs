using Dpark.Conformance.Signals;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Conformance.Activations;

/// <summary>A grain that tells its activations apart. Its journal, under its own key, has <c>activated</c> and <c>deactivated REASON</c>.</summary>
[Alias("conformance.ILifetimeGrain")]
public interface ILifetimeGrain : IGrainWithStringKey
{
    /// <summary>Names this activation and counts the calls to it.</summary>
    [Alias("Visit")]
    Task<Visit> VisitAsync();

    /// <summary>As <see cref="VisitAsync"/>, for callers that wait 1 s.</summary>
    [ResponseTimeout("00:00:01"), Alias("VisitShort")]
    Task<Visit> VisitShortAsync();

    [Alias("Deactivate")]
    Task DeactivateAsync();

    /// <summary>Waits for the gate under the key of this grain, then visits.</summary>
    [Alias("Pass")]
    Task<Visit> PassAsync();

    /// <summary>Asks for deactivation, then waits for the gate under the key of this grain.</summary>
    [Alias("DeactivateAndPass")]
    Task<Visit> DeactivateAndPassAsync();

    [AlwaysInterleave, Alias("Ping")]
    Task PingAsync();

    /// <summary>Keeps this activation, or takes that back when <paramref name="time"/> is not positive.</summary>
    [Alias("Delay")]
    Task DelayAsync(TimeSpan time);

    /// <summary>Starts a timer that ticks every 50 ms and writes <c>tick</c> once.</summary>
    [Alias("StartTimer")]
    Task StartTimerAsync(bool keepAlive);
}

/// <param name="Activation">Differs between two activations of one grain.</param>
/// <param name="Count">Calls to this activation so far, with this one.</param>
[GenerateSerializer, Alias("conformance.Visit")]
public readonly record struct Visit([property: Id(0)] Guid Activation, [property: Id(1)] int Count, [property: Id(2)] SiloAddress? Silo);

public abstract class LifetimeGrainBase : Grain, ILifetimeGrain
{
    private readonly Guid _activation = Guid.NewGuid();
    private int _visits;

    private IJournalGrain Journal => GrainFactory.GetGrain<IJournalGrain>(this.GetPrimaryKeyString());

    public override Task OnActivateAsync(CancellationToken cancellationToken) => Journal.AppendAsync("activated");

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        Journal.AppendAsync($"deactivated {reason.ReasonCode} after {_visits}");

    public Task<Visit> VisitAsync() => Task.FromResult(new Visit(_activation, ++_visits, GrainContext.Address.SiloAddress));

    public Task<Visit> VisitShortAsync() => VisitAsync();

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task<Visit> DeactivateAndPassAsync()
    {
        DeactivateOnIdle();
        return PassAsync();
    }

    public async Task<Visit> PassAsync()
    {
        await GrainFactory.GetGrain<IGateGrain>(this.GetPrimaryKeyString()).PassAsync();
        return await VisitAsync();
    }

    public Task PingAsync() => Task.CompletedTask;

    public Task DelayAsync(TimeSpan time)
    {
        DelayDeactivation(time);
        return Task.CompletedTask;
    }

    public Task StartTimerAsync(bool keepAlive)
    {
        var ticked = false;
        var period = TimeSpan.FromMilliseconds(50);
        this.RegisterGrainTimer(
            async () =>
            {
                if (!ticked)
                {
                    ticked = true;
                    await Journal.AppendAsync("tick");
                }
            },
            new GrainTimerCreationOptions { DueTime = period, Period = period, KeepAlive = keepAlive });
        return Task.CompletedTask;
    }
}

[GrainType("conformance.lifetime"), RandomPlacement]
public sealed class LifetimeGrain : LifetimeGrainBase;

/// <summary>As <see cref="LifetimeGrain"/>, but never idle.</summary>
[GrainType("conformance.kept"), KeepAlive, RandomPlacement]
public sealed class KeptLifetimeGrain : LifetimeGrainBase;

/// <summary>As <see cref="LifetimeGrain"/>, with a collection age of its own.</summary>
[GrainType("conformance.long-lived"), CollectionAgeLimit("01:00:00"), RandomPlacement]
public sealed class LongLivedLifetimeGrain : LifetimeGrainBase;
