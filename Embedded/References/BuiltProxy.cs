using System.Reflection;

namespace Orleans.Runtime;

/// <summary>
/// The proxy of a grain interface that was made when the interface was compiled, by the generator in <c>eng/GrainProxies</c>: machine code is there for it, and its methods
/// are made when they are called first. Everything else is as <see cref="ProxyEmitter"/> emits it.
/// </summary>
internal abstract class BuiltProxy
{
    private const string Namespace = "Orleans.Runtime.BuiltProxies";

    /// <summary>Makes a reference; a <see cref="ProxyFactory"/>.</summary>
    public abstract GrainReference Create(ReferenceTarget target, GrainId grain, SiloAddress? silo);

    /// <summary>All methods of the interface, and of those that it derives from.</summary>
    public abstract InterfaceMethod[] GetMethods();

    /// <returns>Null: there is none, because the interface's project does not use the generator, or because it has a method that the generator leaves out.</returns>
    public static BuiltProxy? Of(Type type)
    {
        var built = type.IsGenericType || type.FullName is not { } name
            ? null
            : type.Assembly.GetType($"{Namespace}.{name.Replace('.', '_').Replace('+', '_')}+Built", throwOnError: false);
        return built is { IsAbstract: false } && built.IsSubclassOf(typeof(BuiltProxy)) ? (BuiltProxy?)Activator.CreateInstance(built) : null;
    }

    /// <summary>For generated code: keeps the method that was made first, if several threads call it at once.</summary>
    public static T Keep<T>(ref T? field, T made)
        where T : InterfaceMethod => Interlocked.CompareExchange(ref field, made, null) ?? made;

    /// <summary>For generated code: a method of the interface.</summary>
    public static MethodInfo InfoOf(Type type, string name, Type[] parameters) => type.GetMethod(name, parameters)!;
}
