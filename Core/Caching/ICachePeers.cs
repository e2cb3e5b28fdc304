namespace Dpark.Caching;

/// <summary>How the cache of a worker reaches those of other workers. Thread-safe; the synchronous calls block and are for task threads.</summary>
internal interface ICachePeers
{
    /// <summary>Reads a segment.</summary>
    /// <exception cref="IOException">The worker cannot be reached, or does not have it.</exception>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    Task<CachedSegment> ReadAsync(CachePeer holder, CachedSegmentRequest request, CancellationToken cancellationToken);

    /// <summary>Has another worker copy a partition that this one keeps, and waits until it has.</summary>
    /// <returns><see langword="null"/> if it has it now, else why not.</returns>
    /// <exception cref="OperationCanceledException">The token fired.</exception>
    string? TryCopy(CachePeer target, PartitionKey key, StorageLevel level, Guid content, CancellationToken cancellationToken);
}

/// <summary>The cached partitions of a worker as its block server gives them out. Thread-safe.</summary>
internal interface ICachedPartitionSource
{
    /// <summary>A segment, as it travels. May read a disk.</summary>
    /// <returns><see langword="null"/> if the partition is not kept here, not as the content that is asked for, or cannot be encoded.</returns>
    byte[]? TryRead(CachedSegmentRequest request);
}
