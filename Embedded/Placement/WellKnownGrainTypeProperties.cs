namespace Orleans.Metadata;

/// <summary>Names of properties that the runtime reads.</summary>
public static class WellKnownGrainTypeProperties
{
    /// <summary>Name of the placement strategy's class.</summary>
    public const string PlacementStrategy = "placement-strategy";
}
