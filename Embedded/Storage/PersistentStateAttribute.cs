namespace Orleans.Runtime;

/// <summary>Asks for an <see cref="IPersistentState{TState}"/>.</summary>
/// <param name="stateName">Name of the state within the grain.</param>
/// <param name="storageName">Name of the storage. Null: the default one.</param>
[AttributeUsage(AttributeTargets.Parameter)]
public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute, IFacetMetadata, IPersistentStateConfiguration
{
    /// <inheritdoc/>
    public string StateName { get; } = stateName;

    /// <inheritdoc/>
    public string? StorageName { get; } = storageName;
}
