using System.Reflection;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Serialization;

/// <summary>Which exceptions travel besides those with <see cref="GenerateSerializerAttribute"/>.</summary>
public sealed class ExceptionSerializationOptions
{
    /// <summary>Namespaces whose exceptions travel, with those below them. Default: Microsoft, System, Azure.</summary>
    public HashSet<string> SupportedNamespacePrefixes { get; } = new(StringComparer.Ordinal) { "Microsoft", "System", "Azure" };

    /// <summary>Says of other exceptions whether they travel. Default: none does.</summary>
    public Func<Type, bool> SupportedExceptionTypeFilter { get; set; } = _ => false;

    internal bool IsSupported(Type type) => HasPrefix(type.FullName ?? "") || SupportedExceptionTypeFilter(type);

    /// <summary>The exception type of a name in a message, if it is permitted and its assembly is at hand.</summary>
    internal Type? Find(string fullName, string assembly)
    {
        if (fullName.AsSpan().ContainsAny("[],*&"))
        {
            return null;
        }

        var type = (KnownAssemblies.Loaded(assembly) ?? (HasPrefix(fullName) ? LoadFramework(assembly) : null))?.GetType(fullName, throwOnError: false);
        return type is not null && typeof(Exception).IsAssignableFrom(type) && IsSupported(type) ? type : null;
    }

    private bool HasPrefix(string fullName) =>
        SupportedNamespacePrefixes.Any(prefix => fullName.StartsWith(prefix.TrimEnd('.') + ".", StringComparison.Ordinal));

    // Parts of the framework that nothing here has used so far are loaded, no other assembly.
    private static Assembly? LoadFramework(string assembly)
    {
        try
        {
            return assembly.StartsWith("System.", StringComparison.Ordinal) ? Assembly.Load(new AssemblyName(assembly)) : null;
        }
        catch (Exception exception) when (exception is IOException or BadImageFormatException or ArgumentException)
        {
            return null;
        }
    }
}
