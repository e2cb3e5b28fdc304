using System.Reflection;

namespace Orleans.Serialization.Configuration;

/// <summary>Which types may be named in messages besides those that carry <see cref="GenerateSerializerAttribute"/>.</summary>
public sealed class TypeManifestOptions
{
    /// <summary>Whether any type may be named. Default: false. A value still needs a codec to be written or read.</summary>
    public bool AllowAllTypes { get; set; }

    /// <summary>Names of types that may be named; see <see cref="AddAllowedType"/>.</summary>
    public HashSet<string> AllowedTypes { get; } = new(StringComparer.Ordinal);

    /// <summary>Simple names of assemblies whose types may be named.</summary>
    public HashSet<string> AllowedAssemblies { get; } = new(StringComparer.Ordinal);

    internal HashSet<Assembly> Assemblies { get; } = [];

    /// <summary>Permits a type.</summary>
    public void AddAllowedType(Type type)
    {
        ArgumentNullException.ThrowIfNull(type);
        AllowedTypes.Add(Format(type.FullName ?? type.Name, type.Assembly.GetName().Name!));
    }

    /// <summary>Permits the types of an assembly.</summary>
    public void AddAllowedAssembly(Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        AllowedAssemblies.Add(assembly.GetName().Name!);
    }

    internal static string Format(string fullName, string assembly) => $"{fullName},{assembly}";
}
