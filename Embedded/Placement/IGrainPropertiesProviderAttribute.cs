using Orleans.Runtime;

namespace Orleans.Metadata;

/// <summary>An attribute of a grain class that tells properties of it.</summary>
public interface IGrainPropertiesProviderAttribute
{
    /// <summary>Adds the properties.</summary>
    void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties);
}
