namespace Orleans.Core;

/// <summary>State of one activation in grain storage. Not thread-safe.</summary>
public interface IStorage
{
    /// <summary>Version of the stored state. Null: nothing is stored.</summary>
    string? Etag { get; }

    /// <summary>Whether a state is stored.</summary>
    bool RecordExists { get; }

    /// <summary>Deletes the stored state.</summary>
    /// <exception cref="Storage.InconsistentStateException">Somebody else has written since.</exception>
    Task ClearStateAsync();

    /// <summary>Deletes the stored state.</summary>
    Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();

    /// <summary>Stores the state.</summary>
    /// <exception cref="Storage.InconsistentStateException">Somebody else has written since.</exception>
    Task WriteStateAsync();

    /// <summary>Stores the state.</summary>
    Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();

    /// <summary>Reads the stored state; changes that were not written are lost.</summary>
    Task ReadStateAsync();

    /// <summary>Reads the stored state.</summary>
    Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
}
