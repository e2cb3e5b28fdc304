using Dpark.Workers;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Dpark.Placement;

/// <summary>Reads the silo from the key of a worker grain. Stateless and thread-safe.</summary>
/// <remarks>That it refuses a silo which is not active is the cheapest sign that a worker is gone: it needs no network.</remarks>
internal sealed class WorkerPlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var key = target.GrainIdentity.Key.ToString()!;
        SiloAddress silo;
        try
        {
            silo = SiloAddress.FromParsableString(key);
        }
        catch (Exception e) when (e is FormatException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw new ArgumentException($"'{key}' is not the id of a worker. Take ids from the master's list.", nameof(target), e);
        }

        return Array.IndexOf(context.GetCompatibleSilos(target), silo) >= 0
            ? Task.FromResult(silo)
            : throw new WorkerUnavailableException(new(key), "its silo is not active");
    }
}
