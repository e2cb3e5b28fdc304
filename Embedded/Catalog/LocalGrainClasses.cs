using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Metadata;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Session;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Runtime;

/// <summary>The grain classes that this silo hosts. Thread-safe; classes of assemblies that are loaded later are found when they are asked for.</summary>
internal sealed class LocalGrainClasses : Placement.ILocalGrainTypes
{
    private readonly ConcurrentDictionary<GrainType, GrainClass> _classes = new();
    private readonly ConcurrentDictionary<GrainType, Type> _definitions = new();
    private readonly IServiceProvider _services;
    private readonly GrainCollectionOptions _collection;
    private readonly HashSet<Type> _refused;
    private readonly Lock _gate = new();
    private readonly HashSet<Type> _seen = [];
    private int _scanned = -1;

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
            return [.. _classes.Values.Select(grainClass => grainClass.Type).Where(type => !type.IsGenericType).Concat(_definitions.Values).Select(GrainTypeTable.Describe)];
        }
    }

    public bool TryGet(GrainType grainType, [NotNullWhen(true)] out GrainClass? grainClass)
    {
        if (_classes.TryGetValue(grainType, out grainClass))
        {
            return true;
        }

        return (Scan() && _classes.TryGetValue(grainType, out grainClass)) || TryConstruct(grainType, out grainClass);
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

    /// <summary>Makes a class of a generic one whose arguments are in the grain type.</summary>
    private bool TryConstruct(GrainType grainType, [NotNullWhen(true)] out GrainClass? grainClass)
    {
        grainClass = null;
        if (!GrainClass.IsGeneric(grainType))
        {
            return false;
        }

        var (definition, arguments) = TypeNames.Split(grainType.ToString());
        if (arguments.Length == 0
            || !_definitions.TryGetValue(GrainType.Create(definition), out var type)
            || _classes.Count >= SerializerLimits.MaxResolvedTypes
            || TypeNames.ParseArguments(arguments, _services.GetRequiredService<SerializerSessionPool>().Manifest) is not { } types
            || TypeNames.Construct(type, types) is not { } constructed)
        {
            return false;
        }

        grainClass = _classes.GetOrAdd(grainType, static (_, arguments) => new GrainClass(arguments.constructed, arguments._services, arguments._collection), (constructed, _services, _collection));
        return true;
    }

    /// <summary>Looks at assemblies that were loaded since the last time. False: there are none.</summary>
    private bool Scan()
    {
        // Types that other silos host are asked for with every message to them.
        if (Volatile.Read(ref _scanned) == LoadedAssemblies.Version)
        {
            return false;
        }

        lock (_gate)
        {
            var version = LoadedAssemblies.Version;
            if (version == _scanned)
            {
                return false;
            }

            var found = false;
            foreach (var type in GrainClassScanner.FindAll().Where(type => !_refused.Contains(type) && _seen.Add(type)))
            {
                found = true;
                var grainType = GrainClass.NameOf(type);
                if (type.IsGenericTypeDefinition ? !_definitions.TryAdd(grainType, type) : !_classes.TryAdd(grainType, new GrainClass(type, _services, _collection)))
                {
                    var other = type.IsGenericTypeDefinition ? _definitions[grainType] : _classes[grainType].Type;
                    throw new OrleansConfigurationException(
                        $"The grain classes {other} and {type} have the same grain type '{grainType}'. Give one another name with [GrainType].");
                }
            }

            Volatile.Write(ref _scanned, version);
            return found;
        }
    }

    /// <summary>Counts the assemblies that were loaded since this was first asked for.</summary>
    private static class LoadedAssemblies
    {
        private static int s_version;

        static LoadedAssemblies() => AppDomain.CurrentDomain.AssemblyLoad += static (_, _) => Interlocked.Increment(ref s_version);

        public static int Version => Volatile.Read(ref s_version);
    }
}
