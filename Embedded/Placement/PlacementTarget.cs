namespace Orleans.Runtime.Placement;

/// <summary>What is to be placed, and the call that asks for it.</summary>
public readonly struct PlacementTarget(
    GrainId grainIdentity, Dictionary<string, object>? requestContextData, GrainInterfaceType interfaceType, ushort interfaceVersion)
{
    /// <summary>The grain.</summary>
    public GrainId GrainIdentity { get; } = grainIdentity;

    /// <summary>The interface that is called.</summary>
    public GrainInterfaceType InterfaceType { get; } = interfaceType;

    /// <summary>The version of the interface.</summary>
    public ushort InterfaceVersion { get; } = interfaceVersion;

    /// <summary>The caller's request context. Null: empty.</summary>
    public Dictionary<string, object>? RequestContextData { get; } = requestContextData;
}
