using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Metadata;

namespace Orleans.Runtime;

/// <summary>The grain classes that this silo hosts. Thread-safe; classes of assemblies that are loaded later are found when they are asked for.</summary>
internal sealed class LocalGrainClasses : Placement.ILocalGrainTypes
{
    private readonly ConcurrentDictionary<GrainType, GrainClass> _classes = new();
    private readonly IServiceProvider _services;
    private readonly GrainCollectionOptions _collection;
    private readonly HashSet<Type> _refused;
    private readonly Lock _gate = new();
    private readonly HashSet<Type> _seen = [];
    private int _scannedAssemblies = -1;

    public LocalGrainClasses(IServiceProvider services, IOptions<GrainCollectionOptions> collection, IOptions<GrainTypeOptions> types)
    {
        _services = services;
        _collection = collection.Value;

        // The options were filled with all classes; what is not in them was taken out.
        _refused = [.. GrainClassScanner.FindAll().Except(types.Value.Classes)];
        Scan();
    }

    public IReadOnlyCollection<GrainClassEntry> Entries
    {
        get
        {
            Scan();
            return [.. _classes.Values.Select(grainClass => GrainTypeTable.Describe(grainClass.Type))];
        }
    }

    public bool TryGet(GrainType grainType, [NotNullWhen(true)] out GrainClass? grainClass)
    {
        if (_classes.TryGetValue(grainType, out grainClass))
        {
            return true;
        }

        return Scan() && _classes.TryGetValue(grainType, out grainClass);
    }

    public bool IsInDirectory(GrainType grainType) => !TryGet(grainType, out var grainClass) || grainClass.UsesDirectory;

    /// <summary>What others must know of a class to place its grains; null: this silo does not host it.</summary>
    public Dictionary<string, string>? GetProperties(GrainType grainType)
    {
        if (!TryGet(grainType, out var grainClass))
        {
            return null;
        }

        var properties = new Dictionary<string, string>();
        foreach (var provider in grainClass.Type.GetCustomAttributes(inherit: true).OfType<IGrainPropertiesProviderAttribute>())
        {
            provider.Populate(_services, grainClass.Type, grainType, properties);
        }

        return properties;
    }

    /// <summary>Looks at assemblies that were loaded since the last time. False: there are none.</summary>
    private bool Scan()
    {
        lock (_gate)
        {
            var assemblies = System.Runtime.Loader.AssemblyLoadContext.Default.Assemblies.Count();
            if (assemblies == _scannedAssemblies)
            {
                return false;
            }

            _scannedAssemblies = assemblies;
            var found = false;
            foreach (var type in GrainClassScanner.FindAll().Where(type => !_refused.Contains(type) && _seen.Add(type)))
            {
                var grainClass = new GrainClass(type, _services, _collection);
                found = true;
                if (!_classes.TryAdd(grainClass.GrainType, grainClass))
                {
                    throw new OrleansConfigurationException(
                        $"The grain classes {_classes[grainClass.GrainType].Type} and {type} have the same grain type '{grainClass.GrainType}'. Give one another name with [GrainType].");
                }
            }

            return found;
        }
    }
}
