namespace Orleans.Runtime.Placement;

/// <summary>Chooses silos for new activations by one kind of <see cref="PlacementStrategy"/>. Thread-safe.</summary>
public interface IPlacementDirector
{
    /// <summary>Key of the <see cref="RequestContext"/> under which a caller may name a <see cref="SiloAddress"/> that it would like.</summary>
    const string PlacementHintKey = nameof(PlacementHintKey);

    /// <summary>Chooses a silo. What it throws reaches the caller.</summary>
    Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context);

    /// <summary>The silo that the caller would like, if it is compatible; else null.</summary>
    static SiloAddress? GetPlacementHint(Dictionary<string, object>? requestContextData, SiloAddress[] compatibleSilos)
    {
        if (requestContextData is not null
            && requestContextData.TryGetValue(PlacementHintKey, out var value)
            && value is SiloAddress hint
            && Array.IndexOf(compatibleSilos, hint) >= 0)
        {
            return hint;
        }

        return null;
    }
}
