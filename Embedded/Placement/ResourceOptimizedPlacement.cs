namespace Orleans.Runtime;

/// <summary>
/// Of a few random silos, the one with most resources to spare; here measured by activations and memory, the deciding silo preferred.
/// </summary>
[GenerateSerializer, Immutable, Alias("orleans.ResourceOptimizedPlacement")]
public class ResourceOptimizedPlacement : PlacementStrategy
{
    internal static ResourceOptimizedPlacement Singleton { get; } = new();
}
