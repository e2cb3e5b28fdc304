using Orleans.Runtime;

namespace Orleans.Placement;

/// <summary>Places activations of the grain class by <see cref="RandomPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class RandomPlacementAttribute() : PlacementAttribute(RandomPlacement.Singleton);
