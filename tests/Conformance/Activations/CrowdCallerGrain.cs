using Orleans.Placement;

namespace Dpark.Conformance.Activations;

/// <summary>Calls many lifetime grains at once, from one silo.</summary>
[Alias("conformance.ICrowdCallerGrain")]
public interface ICrowdCallerGrain : IGrainWithStringKey
{
    /// <summary>The visits of <paramref name="times"/> calls to each key, all started at once.</summary>
    [Alias("Call")]
    Task<List<Visit>> CallAsync(List<string> keys, int times);
}

[GrainType("conformance.crowd-caller"), RandomPlacement]
public sealed class CrowdCallerGrain : Grain, ICrowdCallerGrain
{
    public async Task<List<Visit>> CallAsync(List<string> keys, int times)
    {
        var calls = from key in keys
                    from _ in Enumerable.Range(0, times)
                    select GrainFactory.GetGrain<ILifetimeGrain>(key, typeof(LifetimeGrain).FullName).VisitAsync();
        return [.. await Task.WhenAll(calls)];
    }
}
