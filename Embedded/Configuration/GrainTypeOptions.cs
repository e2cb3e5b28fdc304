namespace Orleans.Configuration;

/// <summary>
/// Which grain classes and interfaces a silo knows. Filled with all that are loaded; remove a class so that the silo does not host it.
/// </summary>
public class GrainTypeOptions
{
    /// <summary>Grain classes that this silo hosts.</summary>
    public HashSet<Type> Classes { get; } = [];

    /// <summary>Grain interfaces.</summary>
    public HashSet<Type> Interfaces { get; } = [];
}
