using System.Reflection;
using System.Runtime.Loader;

namespace Dpark.ReadyToRun;

/// <summary>Finds types by their full names, without an assembly: among some assemblies and their references, then in the framework.</summary>
internal sealed class TypeNames
{
    private const string StateMachine = ">d__";

    private readonly Dictionary<string, Type?> _known = new(StringComparer.Ordinal)
    {
        // As the compiler of the runtime prints them.
        ["bool"] = typeof(bool),
        ["byte"] = typeof(sbyte),
        ["ubyte"] = typeof(byte),
        ["char"] = typeof(char),
        ["short"] = typeof(short),
        ["ushort"] = typeof(ushort),
        ["int"] = typeof(int),
        ["uint"] = typeof(uint),
        ["long"] = typeof(long),
        ["ulong"] = typeof(ulong),
        ["nint"] = typeof(nint),
        ["nuint"] = typeof(nuint),
        ["float"] = typeof(float),
        ["double"] = typeof(double),
    };

    private readonly Assembly[] _all;

    /// <param name="paths">Assemblies, IL or compiled. They are loaded but none of their code runs.</param>
    public TypeNames(string[] paths)
    {
        var byName = paths.ToDictionary(path => Path.GetFileNameWithoutExtension(path), StringComparer.Ordinal);
        AssemblyLoadContext.Default.Resolving += (context, name) =>
            byName.TryGetValue(name.Name!, out var path) ? context.LoadFromAssemblyPath(Path.GetFullPath(path)) : null;
        Assemblies = [.. paths.Select(path => AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.GetFullPath(path)))];
        var framework = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator);
        _all = [.. Assemblies, .. framework.Select(Path.GetFileNameWithoutExtension).Where(name => !byName.ContainsKey(name!)).Select(Load).OfType<Assembly>()];
    }

    /// <summary>Those that were named, in the order in which they were.</summary>
    public IReadOnlyList<Assembly> Assemblies { get; }

    /// <returns><see langword="null"/>: there is no such type. A generic type comes as its definition.</returns>
    public Type? Find(string name)
    {
        if (!_known.TryGetValue(name, out var type))
        {
            type = FindExactly(name) ?? FindStateMachine(name);
            _known.Add(name, type);
        }

        return type;
    }

    private Type? FindExactly(string name) => Array.Find(_all, assembly => assembly.GetType(name) is not null)?.GetType(name);

    // The compiler numbers state machines by the order of the members of their class, so with each new member the names of all that follow would mean nothing.
    private Type? FindStateMachine(string name)
    {
        var nested = name.LastIndexOf('+') + 1;
        var number = name.IndexOf(StateMachine, nested, StringComparison.Ordinal) + StateMachine.Length;
        if (nested == 0 || number < StateMachine.Length || FindExactly(name[..(nested - 1)]) is not { } declaring)
        {
            return null;
        }

        Type[] found =
        [
            .. declaring.GetNestedTypes(BindingFlags.Public | BindingFlags.NonPublic).Where(type =>
                type.Name.StartsWith(name[nested..number], StringComparison.Ordinal) && Arity(type.Name) == Arity(name[nested..])),
        ];
        return found.Length == 1 ? found[0] : null;
    }

    private static string Arity(string name) => name.IndexOf('`', StringComparison.Ordinal) is var mark and >= 0 ? name[mark..] : "";

    private static Assembly? Load(string? name)
    {
        try
        {
            return Assembly.Load(name!);
        }
        catch (Exception exception) when (exception is IOException or BadImageFormatException)
        {
            return null;
        }
    }
}
