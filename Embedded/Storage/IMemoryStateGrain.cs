namespace Orleans.Storage;

/// <summary>Holds some of the states of memory storages, serialized.</summary>
[Alias("orleans.IMemoryStorageGrain")]
internal interface IMemoryStateGrain : IGrainWithIntegerKey
{
    /// <summary>Reads a state; null if there is none.</summary>
    [Alias("Read")]
    Task<MemoryState?> ReadAsync(string key);

    /// <summary>Stores a state if its ETag is the given one.</summary>
    [Alias("Write")]
    Task<MemoryStateChange> WriteAsync(string key, byte[] data, string? etag);

    /// <summary>Deletes a state if its ETag is the given one.</summary>
    [Alias("Delete")]
    Task<MemoryStateChange> DeleteAsync(string key, string? etag);
}

/// <summary>A stored state.</summary>
[GenerateSerializer, Immutable, Alias("orleans.MemoryState")]
internal sealed record MemoryState([property: Id(0)] byte[] Data, [property: Id(1)] string ETag);

/// <summary>Whether a change was made, and the ETag afterwards. Null: no state.</summary>
[GenerateSerializer, Immutable, Alias("orleans.MemoryStateChange")]
internal sealed record MemoryStateChange([property: Id(0)] bool IsDone, [property: Id(1)] string? ETag);
