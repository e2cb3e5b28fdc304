using Orleans.Metadata;

namespace Orleans.Runtime;

/// <summary>How silos for new activations of a grain class are chosen. Its director does it.</summary>
/// <remarks>A strategy of your own needs a public constructor without parameters.</remarks>
public abstract class PlacementStrategy
{
    /// <summary>Whether activations are registered in the grain directory.</summary>
    public virtual bool IsUsingGrainDirectory => true;

    /// <summary>Reads what <see cref="PopulateGrainProperties"/> has written.</summary>
    public virtual void Initialize(GrainProperties properties)
    {
    }

    /// <summary>Writes the strategy's parameters. This method writes the strategy's name: call it.</summary>
    public virtual void PopulateGrainProperties(
        IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        ArgumentNullException.ThrowIfNull(properties);
        properties[WellKnownGrainTypeProperties.PlacementStrategy] = GetType().Name;
    }
}
