using Dpark.Storage;

namespace Dpark.Caching;

/// <summary>A partition that is kept or being computed. Its members change under the lock of the <see cref="PartitionCache"/>.</summary>
internal sealed class CacheEntry(PartitionKey key, StorageLevel level)
{
    public PartitionKey Key { get; } = key;

    public StorageLevel Level { get; } = level;

    /// <summary>Set when it is kept or given up.</summary>
    public ManualResetEventSlim Ended { get; } = new();

    /// <summary>Where it is in the order of use; <see langword="null"/> unless it is kept in memory and may be dropped from there.</summary>
    public LinkedListNode<CacheEntry>? Place { get; set; }

    /// <summary>Its elements in memory.</summary>
    public CachedContent? Content { get; set; }

    /// <summary>Its elements on disk.</summary>
    public BlockId? Block { get; set; }

    /// <summary>Where they are in <see cref="Block"/>.</summary>
    public SegmentPlace[] Places { get; set; } = [];

    /// <summary>Names these elements in this order; see <see cref="CachedSegment.Content"/>.</summary>
    public Guid ContentId { get; init; } = Guid.NewGuid();

    /// <summary>Bytes that are reserved for it in memory.</summary>
    public long Bytes { get; set; }

    /// <summary>Bytes of <see cref="Block"/>.</summary>
    public long BlockBytes { get; set; }

    public long RecordCount { get; set; }

    /// <summary>Dropped while it was computed: who computes it does not keep it.</summary>
    public bool IsUnwanted { get; set; }

    /// <summary>Whether it can be read.</summary>
    public bool IsKept => Content is not null || Block is not null;

    public CachedPartition Describe() => new(Key.Rdd, Key.PartitionIndex, Level, Content is null ? BlockBytes : Bytes, RecordCount) { IsOnDisk = Content is null };
}
