using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace Orleans.Serialization.TypeSystem;

/// <summary>The assemblies whose types may travel: this one and those that refer to it, in the default load context. Thread-safe.</summary>
/// <remarks>
/// Nothing is looked at before a name must be resolved. Then the metadata of the loaded assemblies is read, which loads no type; a name that is not found makes
/// the assemblies be loaded that they refer to, once.
/// </remarks>
internal static class KnownAssemblies
{
    private static readonly Assembly Own = typeof(KnownAssemblies).Assembly;
    private static readonly string OwnName = Own.GetName().Name!;
    private static readonly ConditionalWeakTable<Assembly, object> Known = new();
    private static readonly ConditionalWeakTable<Assembly, AssemblyIndex?> Indexes = new();
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, List<(AssemblyIndex Index, int Token)>> Aliases = [];
    private static readonly HashSet<Assembly> Seen = [];
    private static volatile bool s_isDirty = true;
    private static bool s_hasLoadedReferences;

    static KnownAssemblies() => AppDomain.CurrentDomain.AssemblyLoad += (_, _) => s_isDirty = true;

    /// <summary>Whether the assembly refers to this one.</summary>
    public static bool IsKnown(Assembly assembly) => (bool)Known.GetValue(assembly, static key => key == Own || RefersToOwn(key));

    /// <summary>Known assemblies with the simple name.</summary>
    public static IEnumerable<Assembly> Named(string name, IReadOnlyCollection<Assembly> more)
    {
        if (Loaded(name) is { } loaded)
        {
            if (IsKnown(loaded))
            {
                yield return loaded;
            }
        }
        else if (LoadReferences() && Loaded(name) is { } late && IsKnown(late))
        {
            yield return late;
        }

        foreach (var assembly in more.Where(assembly => assembly.GetName().Name == name))
        {
            yield return assembly;
        }
    }

    /// <summary>The loaded assembly with the simple name, known or not.</summary>
    public static Assembly? Loaded(string name) => AssemblyLoadContext.Default.Assemblies.FirstOrDefault(assembly => assembly.GetName().Name == name);

    /// <exception cref="SerializerException">Several types have the alias.</exception>
    public static Type? FindAlias(string alias, IReadOnlyCollection<Assembly> more)
    {
        if (Lookup(alias) is { } found)
        {
            return found;
        }

        foreach (var assembly in more)
        {
            if (Index(assembly) is { } index && index.Aliases.FirstOrDefault(pair => pair.Alias == alias) is { Token: not 0 } match)
            {
                return index.Resolve(match.Token);
            }
        }

        return LoadReferences() ? Lookup(alias) : null;
    }

    /// <summary>The class that carries an attribute and implements an interface for a type, such as a converter.</summary>
    public static Type? FindRegistered(Type attribute, Type interfaceDefinition, Type argument)
    {
        Scan();
        Assembly[] assemblies;
        lock (Gate)
        {
            assemblies = [.. Seen];
        }

        return assemblies.Append(argument.Assembly).Distinct()
            .Select(Index)
            .Where(index => index is not null)
            .SelectMany(index => index!.Registered(attribute.Name))
            .Select(candidate => Close(candidate, interfaceDefinition, argument))
            .FirstOrDefault(closed => closed is not null);
    }

    // A generic class is tried with the arguments of the type that it is wanted for.
    private static Type? Close(Type candidate, Type interfaceDefinition, Type argument)
    {
        if (candidate.IsGenericTypeDefinition)
        {
            var arguments = argument.GetGenericArguments();
            if (arguments.Length != candidate.GetGenericArguments().Length)
            {
                return null;
            }

            try
            {
                candidate = candidate.MakeGenericType(arguments);
            }
            catch (ArgumentException)
            {
                return null;
            }
        }

        return candidate.GetInterfaces().Any(type =>
            type.IsGenericType && type.GetGenericTypeDefinition() == interfaceDefinition && type.GetGenericArguments()[0] == argument)
            ? candidate
            : null;
    }

    private static Type? Lookup(string alias)
    {
        Scan();
        lock (Gate)
        {
            if (!Aliases.TryGetValue(alias, out var matches))
            {
                return null;
            }

            if (matches.Count > 1)
            {
                throw new SerializerException(
                    $"The alias '{alias}' is that of {matches[0].Index.Resolve(matches[0].Token)} and of {matches[1].Index.Resolve(matches[1].Token)}. Give each its own.");
            }

            return matches[0].Index.Resolve(matches[0].Token);
        }
    }

    private static void Scan()
    {
        if (!s_isDirty)
        {
            return;
        }

        lock (Gate)
        {
            s_isDirty = false;
            foreach (var assembly in AssemblyLoadContext.Default.Assemblies)
            {
                if (Index(assembly) is not { } index || !Seen.Add(assembly))
                {
                    continue;
                }

                foreach (var (alias, token) in index.Aliases)
                {
                    if (!Aliases.TryGetValue(alias, out var list))
                    {
                        Aliases.Add(alias, list = []);
                    }

                    list.Add((index, token));
                }
            }
        }
    }

    private static AssemblyIndex? Index(Assembly assembly) =>
        IsKnown(assembly) ? Indexes.GetValue(assembly, static key => AssemblyIndex.TryCreate(key)) : null;

    private static bool RefersToOwn(Assembly assembly) =>
        !assembly.IsDynamic && Array.Exists(assembly.GetReferencedAssemblies(), static reference => reference.Name == OwnName);

    /// <summary>Loads what the loaded assemblies refer to, framework aside. False if that was done before.</summary>
    private static bool LoadReferences()
    {
        lock (Gate)
        {
            if (s_hasLoadedReferences)
            {
                return false;
            }

            s_hasLoadedReferences = true;
        }

        var seen = new HashSet<string>();
        var queue = new Queue<Assembly>(AssemblyLoadContext.Default.Assemblies);
        while (queue.TryDequeue(out var assembly))
        {
            if (assembly.IsDynamic || IsFramework(assembly.GetName().Name!))
            {
                continue;
            }

            foreach (var reference in assembly.GetReferencedAssemblies().Where(reference => !IsFramework(reference.Name!) && seen.Add(reference.Name!)))
            {
                try
                {
                    queue.Enqueue(AssemblyLoadContext.Default.LoadFromAssemblyName(reference));
                }
                catch (Exception exception) when (exception is IOException or BadImageFormatException)
                {
                    // A reference that is not deployed has no types to offer.
                }
            }
        }

        return true;
    }

    private static bool IsFramework(string name) =>
        name.StartsWith("System.", StringComparison.Ordinal) || name.StartsWith("Microsoft.", StringComparison.Ordinal) || name is "System" or "netstandard" or "mscorlib";
}
