using Dpark.Conformance.Clusters;
using Orleans.Runtime;

namespace Dpark.Conformance.Activations;

/// <summary>Calls to grains that are deactivated again and again.</summary>
internal static class Moving
{
    /// <summary>Visits. A refused call is made again, if calls may be refused: it has not run, since each visit that an activation counts is one that was answered.</summary>
    public static async Task<Visit> VisitAsync(ILifetimeGrain grain)
    {
        while (true)
        {
            try
            {
                return await grain.VisitAsync();
            }
            catch (OrleansMessageRejectionException) when (Differences.CallsOfMovingGrainsMayBeRefused)
            {
                await Task.Yield();
            }
        }
    }

    /// <summary>Visits, again as often as it is refused or times out, until another activation than <paramref name="before"/> answers.</summary>
    public static async Task<Visit> VisitAgainAsync(ILifetimeGrain grain, Guid before)
    {
        while (true)
        {
            try
            {
                var visit = await grain.VisitShortAsync();
                if (visit.Activation != before)
                {
                    return visit;
                }
            }
            catch (Exception exception) when (exception is OrleansException or TimeoutException or OperationCanceledException)
            {
                await Task.Yield();
            }
        }
    }
}
