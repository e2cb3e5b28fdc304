using Orleans.Runtime;

namespace Orleans.Placement;

/// <summary>Places activations of the grain class by <see cref="ActivationCountBasedPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class ActivationCountBasedPlacementAttribute() : PlacementAttribute(ActivationCountBasedPlacement.Singleton);
