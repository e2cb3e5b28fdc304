using Orleans.Runtime;

namespace Orleans.Placement;

/// <summary>Places activations of the grain class by <see cref="ResourceOptimizedPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ResourceOptimizedPlacementAttribute() : PlacementAttribute(ResourceOptimizedPlacement.Singleton);
