namespace Orleans.Runtime.Placement;

/// <summary>Grain types that this silo hosts.</summary>
internal interface ILocalGrainTypes
{
    /// <summary>Properties of the class; null if the silo does not host the type.</summary>
    Dictionary<string, string>? GetProperties(GrainType grainType);

    /// <summary>Whether activations of the type are in the directory. True if the silo does not host it.</summary>
    bool IsInDirectory(GrainType grainType);
}
