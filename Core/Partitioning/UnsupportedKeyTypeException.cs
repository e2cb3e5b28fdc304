namespace Dpark.Partitioning;

/// <summary>A type cannot be the key of a shuffle, because its equality does not hold across processes. Thrown when the operator is called, before anything runs.</summary>
/// <param name="path">From the key type to the offending member, such as <c>(string, int[]).Item2</c>.</param>
public sealed class UnsupportedKeyTypeException(string message, string path) : NotSupportedException(message)
{
    /// <summary>From the key type to the offending member.</summary>
    public string Path { get; } = path;
}
