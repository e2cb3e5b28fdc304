namespace Dpark.Closures;

/// <summary>A function cannot travel to the workers. Thrown when the operator is called, before anything runs.</summary>
/// <param name="path">From the function to the offending object, such as <c>closure captures 'connection'</c>.</param>
/// <param name="offendingType">The type that cannot travel.</param>
public sealed class ClosureException(string message, string path, Type? offendingType) : Exception(message)
{
    /// <summary>From the function to the offending object.</summary>
    public string Path { get; } = path;

    /// <summary>The type that cannot travel.</summary>
    public Type? OffendingType { get; } = offendingType;
}
