using Dpark.Conformance.Signals;
using Orleans.Concurrency;
using Orleans.Placement;
using Orleans.Runtime;

namespace Dpark.Conformance.Membership;

/// <summary>A grain that remembers a number, and can be held at a gate.</summary>
[Alias("conformance.ISurvivingGrain")]
public interface ISurvivingGrain : IGrainWithStringKey
{
    /// <summary>Counts the calls to this activation.</summary>
    [Alias("Count")]
    Task<SurvivorView> CountAsync();

    /// <summary>Passes the gate, then counts.</summary>
    [Alias("PassAndCount")]
    Task<SurvivorView> PassAndCountAsync(string gate);

    /// <summary>As <see cref="PassAndCountAsync"/>; its caller waits 3 s.</summary>
    [ResponseTimeout("00:00:03"), Alias("PassShort")]
    Task<SurvivorView> PassShortAsync(string gate);
}

[GenerateSerializer, Alias("conformance.SurvivorView")]
public readonly record struct SurvivorView([property: Id(0)] SiloAddress? Silo, [property: Id(1)] int Count);

[GrainType("conformance.surviving"), KeepAlive, RandomPlacement]
public sealed class SurvivingGrain : Grain, ISurvivingGrain
{
    private int _count;

    public Task<SurvivorView> CountAsync() => Task.FromResult(new SurvivorView(GrainContext.Address.SiloAddress, ++_count));

    public async Task<SurvivorView> PassAndCountAsync(string gate)
    {
        await GrainFactory.GetGrain<IGateGrain>(gate).PassAsync();
        return await CountAsync();
    }

    public Task<SurvivorView> PassShortAsync(string gate) => PassAndCountAsync(gate);
}

/// <summary>Calls surviving grains from its silo and says how the calls end.</summary>
[Alias("conformance.ISurvivorCallerGrain")]
public interface ISurvivorCallerGrain : IGrainWithStringKey
{
    /// <summary>Where this grain is.</summary>
    [Alias("Where")]
    Task<SiloAddress?> WhereAsync();

    /// <summary>Type and message of the exception of a call that waits at the gate, or null.</summary>
    [AlwaysInterleave, Alias("CallAndWait")]
    Task<string?> CallAndWaitAsync(string survivor, string gate);

    /// <summary>What a survivor counts, or type and message of the exception of the call.</summary>
    [AlwaysInterleave, Alias("Count")]
    Task<string> CountAsync(string survivor);
}

[GrainType("conformance.survivor-caller"), KeepAlive, RandomPlacement]
public sealed class SurvivorCallerGrain : Grain, ISurvivorCallerGrain
{
    public Task<SiloAddress?> WhereAsync() => Task.FromResult(GrainContext.Address.SiloAddress);

    public async Task<string?> CallAndWaitAsync(string survivor, string gate)
    {
        try
        {
            await GrainFactory.GetGrain<ISurvivingGrain>(survivor).PassAndCountAsync(gate);
            return null;
        }
        catch (Exception exception)
        {
            return $"{exception.GetType().Name}: {exception.Message}";
        }
    }

    public async Task<string> CountAsync(string survivor)
    {
        try
        {
            return $"{(await GrainFactory.GetGrain<ISurvivingGrain>(survivor).CountAsync()).Count}";
        }
        catch (Exception exception)
        {
            return $"{exception.GetType().Name}: {exception.Message}";
        }
    }
}
