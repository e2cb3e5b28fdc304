using System.Collections.Concurrent;
using System.Reflection;
using Orleans.Metadata;

namespace Orleans.Runtime;

/// <summary>A grain class as others know it.</summary>
/// <param name="GrainType">Stands for the class on the wire.</param>
/// <param name="ClassName">The full name of the class.</param>
/// <param name="Interfaces">The names of the grain interfaces that it implements.</param>
[GenerateSerializer, Immutable, Alias("orleans.GrainClassEntry")]
internal sealed record GrainClassEntry(
    [property: Id(0)] GrainType GrainType, [property: Id(1)] string ClassName, [property: Id(2)] GrainInterfaceType[] Interfaces);

/// <summary>Which grain class stands behind an interface. A silo knows it from its classes, a client from a silo. Thread-safe.</summary>
/// <remarks>Where a lookup fails, <paramref name="load"/> is asked once more, for an assembly may have been loaded since.</remarks>
internal sealed class GrainTypeTable(Func<IReadOnlyCollection<GrainClassEntry>> load)
{
    private readonly ConcurrentDictionary<(Type, string?), GrainType> _resolved = new();
    private volatile IReadOnlyCollection<GrainClassEntry>? _entries;

    /// <summary>Forgets everything, for what <c>load</c> returns has changed.</summary>
    public void Invalidate()
    {
        _entries = null;
        _resolved.Clear();
    }

    /// <summary>The classes that are known.</summary>
    public IReadOnlyCollection<GrainClassEntry> Entries => _entries ??= load();

    public static GrainClassEntry Describe(Type type) => new(
        GrainClass.NameOf(type),
        type.FullName!,
        [.. type.GetInterfaces().Where(IsGrainInterface).Select(contract => GrainInterfaceType.Create(GrainInterface.NameOf(DefinitionOf(contract))))]);

    /// <summary>The grain type behind an interface.</summary>
    /// <param name="classPrefix">The full name of the class, or how it begins; null: any.</param>
    /// <exception cref="ArgumentException">There is none, or no single one.</exception>
    public GrainType Resolve(Type interfaceType, string? classPrefix)
    {
        if (_resolved.TryGetValue((interfaceType, classPrefix), out var known))
        {
            return known;
        }

        var entries = Entries;
        var found = Find(interfaceType, classPrefix);
        if (found is null)
        {
            _entries = load();
            entries = Entries;
            found = Find(interfaceType, classPrefix) ?? throw NotFound(interfaceType, classPrefix);
        }

        if (_entries == entries)
        {
            _resolved.TryAdd((interfaceType, classPrefix), found.Value);
        }

        return found.Value;
    }

    // A generic class passes its own parameters on: whatever they are, it implements the interface.
    private static Type DefinitionOf(Type contract) => contract is { IsGenericType: true, ContainsGenericParameters: true } ? contract.GetGenericTypeDefinition() : contract;

    private static bool IsGrainInterface(Type type) =>
        typeof(IAddressable).IsAssignableFrom(type) && type.Assembly != typeof(GrainTypeTable).Assembly
        || type == typeof(IManagementGrain)
        || type == typeof(Storage.IMemoryStateGrain);

    private static ArgumentException NotFound(Type interfaceType, string? classPrefix) => new(
        $"Could not find an implementation for interface {interfaceType}{(string.IsNullOrEmpty(classPrefix) ? "" : $" with a class name that begins with '{classPrefix}'")}. "
        + "Reference the assembly of the grain class from the silo.");

    private GrainType? Find(Type interfaceType, string? classPrefix)
    {
        if (string.IsNullOrWhiteSpace(classPrefix) && interfaceType.GetCustomAttribute<DefaultGrainTypeAttribute>() is { } named)
        {
            return Construct(named.GrainType, interfaceType);
        }

        var candidates = Implementing(interfaceType);
        if (candidates.Count == 0 && interfaceType.IsConstructedGenericType)
        {
            candidates = Implementing(interfaceType.GetGenericTypeDefinition());
        }

        return Select(candidates, interfaceType, classPrefix) is { } found ? Construct(found, interfaceType) : null;
    }

    private List<GrainClassEntry> Implementing(Type interfaceType)
    {
        var name = GrainInterfaceType.Create(GrainInterface.NameOf(interfaceType));
        return [.. Entries.Where(entry => Array.IndexOf(entry.Interfaces, name) >= 0)];
    }

    private static GrainType Construct(GrainType found, Type interfaceType) =>
        interfaceType.IsConstructedGenericType ? GrainClass.Construct(found, interfaceType.GetGenericArguments()) : found;

    private static GrainType? Select(List<GrainClassEntry> candidates, Type interfaceType, string? classPrefix)
    {
        if (!string.IsNullOrWhiteSpace(classPrefix))
        {
            var exact = candidates.Find(entry => entry.ClassName == classPrefix);
            candidates = exact is not null ? [exact] : candidates.FindAll(entry => entry.ClassName.StartsWith(classPrefix, StringComparison.Ordinal));
        }
        else if (candidates.Count > 1)
        {
            var simple = interfaceType.Name[1..];
            var conventional = candidates.FindAll(entry => entry.ClassName[(entry.ClassName.LastIndexOfAny(['.', '+']) + 1)..] == simple);
            candidates = conventional.Count == 1 ? conventional : candidates;
        }

        return candidates.Count switch
        {
            0 => null,
            1 => candidates[0].GrainType,
            _ => throw new ArgumentException(
                $"Unable to identify a single appropriate grain type for interface {interfaceType}: {string.Join(", ", candidates.Select(entry => entry.ClassName))} implement it. "
                + "Name the class in GetGrain, or put [DefaultGrainType] on the interface."),
        };
    }
}
