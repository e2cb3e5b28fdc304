using Orleans.Placement;

namespace Dpark.Conformance.Activations;

/// <summary>Calls many lifetime grains at once, from one silo.</summary>
[Alias("conformance.ICrowdCallerGrain")]
public interface ICrowdCallerGrain : IGrainWithStringKey
{
    /// <summary>The visits of <paramref name="times"/> calls to each key, all started at once. A refused call is made again, if calls may be refused.</summary>
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
                    select Moving.VisitAsync(GrainFactory.GetGrain<ILifetimeGrain>(key, typeof(LifetimeGrain).FullName));
        return [.. await Task.WhenAll(calls)];
    }
}
