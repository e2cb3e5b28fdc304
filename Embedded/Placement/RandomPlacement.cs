namespace Orleans.Runtime;

/// <summary>A silo at random.</summary>
[GenerateSerializer, Immutable, Alias("orleans.RandomPlacement")]
public class RandomPlacement : PlacementStrategy
{
    internal static RandomPlacement Singleton { get; } = new();
}
