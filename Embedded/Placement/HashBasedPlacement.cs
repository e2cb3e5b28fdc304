namespace Orleans.Runtime;

/// <summary>A silo by the hash of the grain id, among those there are at that time.</summary>
[GenerateSerializer, Immutable, Alias("orleans.HashBasedPlacement")]
public class HashBasedPlacement : PlacementStrategy
{
    internal static HashBasedPlacement Singleton { get; } = new();
}
