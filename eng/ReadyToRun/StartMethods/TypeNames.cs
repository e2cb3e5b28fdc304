using System.Reflection;
using System.Runtime.Loader;

namespace Dpark.ReadyToRun;

/// <summary>Finds types by their full names, without an assembly: among some assemblies and their references, then in the framework.</summary>
internal sealed class TypeNames
{
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
            type = Array.Find(_all, assembly => assembly.GetType(name) is not null)?.GetType(name);
            _known.Add(name, type);
        }

        return type;
    }

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
