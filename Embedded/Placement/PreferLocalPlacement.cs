namespace Orleans.Runtime;

/// <summary>The silo that makes the decision if it can host the grain, else one at random.</summary>
[GenerateSerializer, Immutable, Alias("orleans.PreferLocalPlacement")]
public class PreferLocalPlacement : PlacementStrategy
{
    internal static PreferLocalPlacement Singleton { get; } = new();
}
