using Orleans.Runtime;

namespace Orleans.Placement;

/// <summary>Places activations of the grain class by <see cref="SiloRoleBasedPlacement"/>.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class SiloRoleBasedPlacementAttribute() : PlacementAttribute(SiloRoleBasedPlacement.Singleton);
