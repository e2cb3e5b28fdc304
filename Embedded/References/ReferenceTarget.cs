namespace Orleans.Runtime;

/// <summary>What references of one grain type and interface have in common. Immutable.</summary>
internal sealed class ReferenceTarget(CallRuntime runtime, GrainType grainType, GrainInterfaceType interfaceType)
{
    public CallRuntime Runtime { get; } = runtime;

    public GrainType GrainType { get; } = grainType;

    public GrainInterfaceType InterfaceType { get; } = interfaceType;
}
