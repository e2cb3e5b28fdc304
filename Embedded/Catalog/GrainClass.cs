using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Configuration;
using Orleans.Placement;
using Orleans.Serialization.Invocation;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Runtime;

/// <summary>One grain class as a silo hosts it: how its grains are made and behave. Immutable.</summary>
internal sealed class GrainClass
{
    private readonly Lazy<GrainConstructor> _constructor;
    private readonly Func<object, IInvokable, bool>? _mayInterleave;

    public GrainClass(Type type, IServiceProvider services, GrainCollectionOptions collection)
    {
        Type = type;
        GrainType = NameOf(type);
        Placement = type.GetCustomAttribute<PlacementAttribute>(inherit: true)?.PlacementStrategy;
        IsReentrant = type.IsDefined(typeof(ReentrantAttribute), inherit: true);
        CollectionAge = AgeOf(type, collection);
        HasOnActivate = Overrides(nameof(Grain.OnActivateAsync));
        HasOnDeactivate = Overrides(nameof(Grain.OnDeactivateAsync));
        HasFilter = typeof(IIncomingGrainCallFilter).IsAssignableFrom(type);
        _mayInterleave = FindPredicate(type);
        _constructor = new Lazy<GrainConstructor>(() => new GrainConstructor(type, services));
    }

    public Type Type { get; }

    /// <summary>Stands for the class on the wire.</summary>
    public GrainType GrainType { get; }

    /// <summary>What the class says about placement; null: nothing.</summary>
    public PlacementStrategy? Placement { get; }

    public bool UsesDirectory => Placement is not { IsUsingGrainDirectory: false };

    public bool IsReentrant { get; }

    /// <summary>How long an activation may be idle; infinite: for ever.</summary>
    public TimeSpan CollectionAge { get; }

    /// <summary>Whether the class has an <see cref="IGrainBase.OnActivateAsync"/> of its own.</summary>
    public bool HasOnActivate { get; }

    /// <summary>Whether the class has an <see cref="IGrainBase.OnDeactivateAsync"/> of its own.</summary>
    public bool HasOnDeactivate { get; }

    public bool HasFilter { get; }

    public bool HasInterleavePredicate => _mayInterleave is not null;

    /// <summary>The name that a class has on the wire. That of a generic one ends with its arity, that of a constructed one with its arguments.</summary>
    public static GrainType NameOf(Type type)
    {
        if (type.IsConstructedGenericType)
        {
            return Construct(NameOf(type.GetGenericTypeDefinition()), type.GetGenericArguments());
        }

        if (type.GetCustomAttribute<GrainTypeAttribute>(inherit: false) is { } named)
        {
            var given = named.GetGrainType(null!, type);
            return !type.IsGenericTypeDefinition || IsGeneric(given) ? given
                : throw new OrleansConfigurationException($"The grain class {type} is generic, and its grain type '{given}' has no arity. Name it '{given}`{type.GetGenericArguments().Length}'.");
        }

        const string Suffix = "grain";
        var name = type.Name.ToLowerInvariant();
        var arity = name.IndexOf('`', StringComparison.Ordinal);
        var plain = arity < 0 ? name : name[..arity];
        plain = plain.Length > Suffix.Length && plain.EndsWith(Suffix, StringComparison.Ordinal) ? plain[..^Suffix.Length] : plain;
        return GrainType.Create(arity < 0 ? plain : plain + name[arity..]);
    }

    /// <summary>Whether the name is that of a generic class, with or without arguments.</summary>
    public static bool IsGeneric(GrainType grainType) => grainType.AsSpan().Contains((byte)'`');

    /// <summary>The name of a generic class with arguments; any other name stays as it is.</summary>
    public static GrainType Construct(GrainType definition, Type[] arguments) =>
        IsGeneric(definition) ? GrainType.Create(definition + TypeNames.FormatArguments(arguments)) : definition;

    /// <summary>Makes the grain's object. Runs as a turn of the activation.</summary>
    /// <exception cref="InvalidOperationException">The constructor, or what its parameters need, threw the inner exception.</exception>
    public object CreateInstance(Activation activation)
    {
        try
        {
            return _constructor.Value.Create(activation);
        }
        catch (Exception exception)
        {
            var cause = exception is TargetInvocationException { InnerException: { } inner } ? inner : exception;
            throw new InvalidOperationException($"Failed to create an instance of grain type '{Type}'. See InnerException for details.", cause);
        }
    }

    /// <summary>Whether the class's own method lets a request interleave.</summary>
    public bool MayInterleave(object grain, IInvokable request) => _mayInterleave is not null && _mayInterleave(grain, request);

    private static TimeSpan AgeOf(Type type, GrainCollectionOptions options)
    {
        if (type.IsDefined(typeof(KeepAliveAttribute), inherit: true))
        {
            return Timeout.InfiniteTimeSpan;
        }

        if (type.GetCustomAttribute<CollectionAgeLimitAttribute>(inherit: true) is { } limit)
        {
            return limit.AlwaysActive ? Timeout.InfiniteTimeSpan : limit.AgeLimit;
        }

        return options.ClassSpecificCollectionAge.TryGetValue(type.FullName!, out var age) ? age : options.CollectionAge;
    }

    private static Func<object, IInvokable, bool>? FindPredicate(Type type)
    {
        if (type.GetCustomAttribute<MayInterleaveAttribute>(inherit: true)?.CallbackMethodName is not { } name)
        {
            return null;
        }

        var method = type.GetMethod(name, BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, [typeof(IInvokable)]);
        if (method?.ReturnType != typeof(bool))
        {
            throw new InvalidOperationException($"Grain class {type} names '{name}' in [MayInterleave]. Give it a method 'bool {name}(IInvokable)'.");
        }

        if (method.IsStatic)
        {
            var callback = method.CreateDelegate<Func<IInvokable, bool>>();
            return (_, request) => callback(request);
        }

        return (grain, request) => method.CreateDelegate<Func<IInvokable, bool>>(grain)(request);
    }

    private bool Overrides(string name)
    {
        if (!typeof(IGrainBase).IsAssignableFrom(Type))
        {
            return false;
        }

        var map = Type.GetInterfaceMap(typeof(IGrainBase));
        var index = Array.FindIndex(map.InterfaceMethods, method => method.Name == name);
        return map.TargetMethods[index]?.DeclaringType is { } declaring && declaring != typeof(Grain) && declaring != typeof(IGrainBase);
    }
}

/// <summary>Makes grains of one class from services; parameters with facet attributes get facets.</summary>
internal sealed class GrainConstructor
{
    /// <summary>So many grains are made by reflection. To compile a factory takes milliseconds, more than most classes ever save.</summary>
    private const int MaxReflected = 100;

    private readonly Type _type;
    private readonly bool _needsServices;
    private readonly Func<IGrainContext, object>[] _facets;
    private readonly Lazy<ObjectFactory> _factory;
    private int _reflectedCount;

    public GrainConstructor(Type type, IServiceProvider services)
    {
        var constructors = type.GetConstructors(BindingFlags.Instance | BindingFlags.Public);
        var parameters = Select(constructors)?.GetParameters() ?? [];
        var facets = parameters.Where(parameter => FacetOf(parameter) is not null).ToArray();
        _type = type;
        _facets = [.. facets.Select(parameter => CreateFacetFactory(parameter, services))];
        _needsServices = parameters.Length > facets.Length;
        _factory = new Lazy<ObjectFactory>(() => ActivatorUtilities.CreateFactory(type, [.. facets.Select(parameter => parameter.ParameterType)]));

        // Reflection and factory may disagree about which of several constructors fits.
        _reflectedCount = constructors.Length == 1 ? 0 : MaxReflected;
    }

    public object Create(Activation activation)
    {
        var facets = _facets.Length == 0 ? [] : Array.ConvertAll(_facets, facet => facet(activation));

        // A scope is made only for a grain that needs one.
        var services = _needsServices ? activation.ActivationServices : activation.SiloServices;
        return _reflectedCount < MaxReflected && Interlocked.Increment(ref _reflectedCount) <= MaxReflected
            ? ActivatorUtilities.CreateInstance(services, _type, facets)
            : _factory.Value(services, facets);
    }

    private static ConstructorInfo? Select(ConstructorInfo[] constructors) =>
        constructors.FirstOrDefault(constructor => constructor.IsDefined(typeof(ActivatorUtilitiesConstructorAttribute), inherit: false))
        ?? constructors.MaxBy(constructor => constructor.GetParameters().Length);

    private static IFacetMetadata? FacetOf(ParameterInfo parameter) => parameter.GetCustomAttributes().OfType<IFacetMetadata>().FirstOrDefault();

    private static Func<IGrainContext, object> CreateFacetFactory(ParameterInfo parameter, IServiceProvider services)
    {
        if (FacetOf(parameter) is not PersistentStateAttribute attribute
            || !parameter.ParameterType.IsGenericType
            || parameter.ParameterType.GetGenericTypeDefinition() != typeof(IPersistentState<>))
        {
            throw new InvalidOperationException(
                $"Parameter '{parameter.Name}' of {parameter.Member.DeclaringType} has a facet attribute that does not fit its type {parameter.ParameterType}. "
                + "Declare it as IPersistentState<T> with [PersistentState].");
        }

        IPersistentStateConfiguration configuration = attribute.StateName is null ? new NamedState(parameter.Name!, attribute.StorageName) : attribute;
        var create = typeof(GrainConstructor).GetMethod(nameof(CreateState), BindingFlags.Static | BindingFlags.NonPublic)!
            .MakeGenericMethod(parameter.ParameterType.GetGenericArguments())
            .CreateDelegate<Func<IPersistentStateFactory, IGrainContext, IPersistentStateConfiguration, object>>();
        return context => create(services.GetRequiredService<IPersistentStateFactory>(), context, configuration);
    }

    private static object CreateState<TState>(IPersistentStateFactory factory, IGrainContext context, IPersistentStateConfiguration configuration) =>
        factory.Create<TState>(context, configuration);

    private sealed record NamedState(string StateName, string? StorageName) : IPersistentStateConfiguration;
}
