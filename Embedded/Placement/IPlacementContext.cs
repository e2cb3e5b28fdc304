namespace Orleans.Runtime.Placement;

/// <summary>What a director may know.</summary>
public interface IPlacementContext
{
    /// <summary>The silo that makes the decision.</summary>
    SiloAddress LocalSilo { get; }

    /// <summary>Its status.</summary>
    SiloStatus LocalSiloStatus { get; }

    /// <summary>Active silos that host the grain class; at least one.</summary>
    /// <exception cref="OrleansException">There is none.</exception>
    SiloAddress[] GetCompatibleSilos(PlacementTarget target);

    /// <summary>The same, by the version of the interface.</summary>
    IReadOnlyDictionary<ushort, SiloAddress[]> GetCompatibleSilosWithVersions(PlacementTarget target);
}
