using Orleans.Runtime;

namespace Orleans.Placement;

/// <summary>Places activations of the grain class by <see cref="PreferLocalPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class PreferLocalPlacementAttribute() : PlacementAttribute(PreferLocalPlacement.Singleton);
