using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Dpark.Conformance.Placement;

/// <summary>Places a grain on the silo that its key names: <c>ADDRESS</c> or <c>ADDRESS/anything</c>.</summary>
[Serializable, GenerateSerializer, Immutable, Alias("conformance.KeyedPlacementStrategy")]
public sealed class KeyedPlacementStrategy : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
public sealed class KeyedPlacementAttribute() : PlacementAttribute(new KeyedPlacementStrategy());

/// <summary>The silo that a key names is gone.</summary>
[GenerateSerializer, Alias("conformance.NoSuchSiloException")]
public sealed class NoSuchSiloException(string message) : Exception(message);

public sealed class KeyedPlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var wanted = target.GrainIdentity.Key.ToString()!.Split('/')[0];
        var silo = context.GetCompatibleSilos(target).FirstOrDefault(silo => silo.ToParsableString() == wanted);
        return silo is null
            ? throw new NoSuchSiloException($"No silo {wanted}; asked by {context.LocalSilo.ToParsableString()} with {strategy.GetType().Name}.")
            : Task.FromResult(silo);
    }
}
