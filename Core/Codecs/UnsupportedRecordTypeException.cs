namespace Dpark.Codecs;

/// <summary>Records of a type cannot travel between workers. Thrown when the operator is called, before anything runs.</summary>
/// <param name="path">From the record type to the offending member, such as <c>(string Key, Order Value).Value.Connection</c>.</param>
public sealed class UnsupportedRecordTypeException(string message, string path) : NotSupportedException(message)
{
    /// <summary>From the record type to the offending member.</summary>
    public string Path { get; } = path;
}
