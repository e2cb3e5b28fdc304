namespace Orleans.Runtime;

/// <summary>Of a few random silos, the one with fewest activations.</summary>
[GenerateSerializer, Immutable, Alias("orleans.ActivationCountBasedPlacement")]
public class ActivationCountBasedPlacement : PlacementStrategy
{
    internal static ActivationCountBasedPlacement Singleton { get; } = new();
}
