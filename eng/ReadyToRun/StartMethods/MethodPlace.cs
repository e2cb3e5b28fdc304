using System.Reflection;

namespace Dpark.ReadyToRun;

/// <summary>
/// Which methods of a list belong into an image. Each belongs into one: that of the assembly of the engine whose types it is made of and which references all others among them.
/// What is made of the framework's types alone belongs to the assembly that references no other one of the engine.
/// </summary>
/// <param name="assembly"><see langword="null"/>: one image has everything.</param>
internal sealed class MethodPlace(Assembly? assembly, IReadOnlyList<Assembly> assemblies)
{
    private readonly HashSet<Assembly> _engine = [.. assemblies.Where(candidate => candidate.GetName().Name!.StartsWith("Dpark.", StringComparison.Ordinal))];

    /// <summary>The assemblies whose images get the methods.</summary>
    public IEnumerable<string> AssemblyNames => (assembly is null ? assemblies : [assembly]).Select(named => named.GetName().Name!);

    public bool Has(FoundMethods found)
    {
        var used = new HashSet<Assembly>();
        Collect(found.Owner, used);
        foreach (var argument in found.Arguments)
        {
            Collect(argument, used);
        }

        return assembly is null || used.Contains(assembly) || (_engine.Count == 1 && !used.Overlaps(_engine));
    }

    private static void Collect(Type type, HashSet<Assembly> used)
    {
        if (type.HasElementType)
        {
            Collect(type.GetElementType()!, used);
            return;
        }

        used.Add(type.Assembly);
        foreach (var argument in type.GetGenericArguments())
        {
            Collect(argument, used);
        }
    }
}
