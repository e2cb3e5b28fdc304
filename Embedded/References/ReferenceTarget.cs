namespace Orleans.Runtime;

/// <summary>What the references of one runtime and interface have in common. Immutable.</summary>
/// <param name="Runtime">The silo or client through which they call.</param>
/// <param name="Interface">Null: of no particular interface.</param>
internal sealed record ReferenceTarget(CallRuntime Runtime, GrainInterface? Interface)
{
    public GrainInterfaceType InterfaceType { get; } = Interface?.Name ?? default;
}
