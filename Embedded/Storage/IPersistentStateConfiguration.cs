namespace Orleans.Runtime;

/// <summary>Which state a parameter asks for.</summary>
public interface IPersistentStateConfiguration
{
    /// <summary>Name of the state within the grain.</summary>
    string StateName { get; }

    /// <summary>Name of the storage. Null: the default one.</summary>
    string? StorageName { get; }
}
