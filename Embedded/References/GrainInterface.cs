using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Runtime;

/// <summary>Makes a proxy.</summary>
internal delegate GrainReference ProxyFactory(ReferenceTarget target, GrainId grain, SiloAddress? silo);

/// <summary>One grain interface: its name, its methods and its proxy. One per interface and process, made at the first use; thread-safe.</summary>
internal sealed class GrainInterface
{
    private static readonly ConditionalWeakTable<Type, GrainInterface> ByType = new();
    private static readonly ConcurrentDictionary<GrainInterfaceType, GrainInterface> ByName = new();
    private static readonly Lock Gate = new();

    private readonly BuiltProxy? _built;
    private volatile Dictionary<uint, InterfaceMethod>? _methods;

    private GrainInterface(Type type)
    {
        if (!type.IsInterface || !typeof(IAddressable).IsAssignableFrom(type))
        {
            throw new ArgumentException($"{type} is not a grain interface. Derive it from one of the interfaces IGrainWith...Key, IGrainObserver or IGrainExtension.");
        }

        Type = type;
        Name = GrainInterfaceType.Create(NameOf(type));
        if (BuiltProxy.Of(type) is { } built)
        {
            _built = built;
            CreateProxy = built.Create;
        }
        else
        {
            (CreateProxy, var methods) = ProxyEmitter.Emit(type);
            _methods = Index(methods);
        }
    }

    public Type Type { get; }

    /// <summary>Stands for the interface on the wire.</summary>
    public GrainInterfaceType Name { get; }

    public ProxyFactory CreateProxy { get; }

    public IReadOnlyCollection<InterfaceMethod> Methods => ById.Values;

    // Only messages from other processes name methods by number.
    private Dictionary<uint, InterfaceMethod> ById => _methods ??= Index(_built!.GetMethods());

    public static GrainInterface Of(Type type)
    {
        if (ByType.TryGetValue(type, out var found))
        {
            return found;
        }

        // A proxy takes milliseconds to make: who asks meanwhile waits for it.
        lock (Gate)
        {
            found = ByType.GetValue(type, static type => new GrainInterface(type));
        }

        ByName.TryAdd(found.Name, found);
        return found;
    }

    /// <summary>The interface of a name from a message.</summary>
    /// <param name="manifest">Says which types may be arguments of a generic interface.</param>
    /// <exception cref="OrleansException">This process has none of the name.</exception>
    public static GrainInterface Of(GrainInterfaceType name, TypeManifest manifest)
    {
        if (ByName.TryGetValue(name, out var found))
        {
            return found;
        }

        var text = name.ToString();
        return Find(text, manifest) is { IsInterface: true } type && typeof(IAddressable).IsAssignableFrom(type) && NameOf(type) == text
            ? Of(type)
            : throw new OrleansException($"The grain interface '{text}' is unknown here. Deploy its assembly to this silo.");
    }

    /// <summary>The name that an interface has on the wire. A constructed one has its arguments in it.</summary>
    public static string NameOf(Type type)
    {
        if (type.IsConstructedGenericType)
        {
            return NameOf(type.GetGenericTypeDefinition()) + TypeNames.FormatArguments(type.GetGenericArguments());
        }

        return type.GetCustomAttribute<GrainInterfaceTypeAttribute>()?.GetGrainInterfaceType(null!, type).ToString()
            ?? type.GetCustomAttribute<AliasAttribute>()?.Alias
            ?? type.FullName
            ?? type.Name;
    }

    /// <exception cref="OrleansException">The interface has no such method.</exception>
    public InterfaceMethod GetMethod(uint id) => ById.TryGetValue(id, out var method)
        ? method
        : throw new OrleansException($"The grain interface {Type} has no method {id:X8}. Deploy the same version of its assembly everywhere.");

    private static Dictionary<uint, InterfaceMethod> Index(InterfaceMethod[] methods)
    {
        var index = new Dictionary<uint, InterfaceMethod>(methods.Length);
        foreach (var method in methods)
        {
            if (!index.TryAdd(method.Id, method))
            {
                throw new ArgumentException(
                    $"The methods {index[method.Id].Info} and {method.Info} of {method.Interface} have the same name on the wire. Give each its own [Alias].");
            }
        }

        return index;
    }

    private static Type? Find(string name, TypeManifest manifest)
    {
        var (definition, arguments) = TypeNames.Split(name);
        var type = KnownAssemblies.FindAlias(definition, []) ?? FindByFullName(definition);
        if (arguments.Length == 0 || type is null)
        {
            return type is { IsGenericTypeDefinition: true } ? null : type;
        }

        if (ByName.Count >= SerializerLimits.MaxResolvedTypes)
        {
            throw new OrleansException($"Messages have named {ByName.Count} grain interfaces already. A peer may be making them up; no further generic one is accepted.");
        }

        return TypeNames.ParseArguments(arguments, manifest) is { } types ? TypeNames.Construct(type, types) : null;
    }

    private static Type? FindByFullName(string name)
    {
        try
        {
            return System.Runtime.Loader.AssemblyLoadContext.Default.Assemblies
                .Where(KnownAssemblies.IsKnown)
                .Append(typeof(GrainInterface).Assembly)
                .Select(assembly => assembly.GetType(name, throwOnError: false))
                .FirstOrDefault(type => type is not null);
        }
        catch (Exception exception) when (exception is ArgumentException or IOException or BadImageFormatException)
        {
            // The name came from outside, and is none that a type could have.
            return null;
        }
    }
}
