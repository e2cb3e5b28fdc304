using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Dpark.Conformance.Clusters;

/// <summary>Calls with a placement hint. The hint ends with the call; the caller's context never sees it.</summary>
internal static class Placed
{
    public static async Task<T> OnAsync<T>(SiloAddress silo, Func<Task<T>> call)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        return await call();
    }

    public static async Task OnAsync(SiloAddress silo, Func<Task> call)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        await call();
    }
}
