namespace Orleans.Runtime;

/// <summary>One of the silos whose role is the grain's key. The role of a silo is the name of its program's assembly.</summary>
[GenerateSerializer, Immutable, Alias("orleans.SiloRoleBasedPlacement")]
public class SiloRoleBasedPlacement : PlacementStrategy
{
    internal static SiloRoleBasedPlacement Singleton { get; } = new();
}
