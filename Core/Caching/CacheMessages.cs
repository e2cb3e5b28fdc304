using Dpark.Rdds;
using Dpark.Workers;

namespace Dpark.Caching;

/// <summary>A worker whose cached partitions can be read.</summary>
/// <param name="Endpoint">Host and port of its block server.</param>
[GenerateSerializer, Immutable, Alias("dpark.CachePeer")]
public readonly record struct CachePeer([property: Id(0)] WorkerId Worker, [property: Id(1)] string Endpoint);

/// <summary>One holder of a cached partition.</summary>
/// <param name="WorkerIndex">Of the holder in <see cref="CacheHints.Workers"/>.</param>
[GenerateSerializer, Immutable, Alias("dpark.CachedPlace")]
public readonly record struct CachedPlace([property: Id(0)] RddId Rdd, [property: Id(1)] int PartitionIndex, [property: Id(2)] int WorkerIndex);

/// <summary>What the driver tells an attempt about the cached partitions that it may read. Out of date at worst, which costs a question or a computation, never a result.</summary>
/// <param name="Workers">Those that the other two name.</param>
/// <param name="Places">Holders other than the attempt's own worker, best first; mostly empty.</param>
/// <param name="CopyTargets">Indexes of workers that may take copies of what the attempt keeps, best first. Empty if no level asks for copies, or there is no other worker.</param>
[GenerateSerializer, Immutable, Alias("dpark.CacheHints")]
public sealed record CacheHints([property: Id(0)] CachePeer[] Workers, [property: Id(1)] CachedPlace[] Places, [property: Id(2)] int[] CopyTargets)
{
    /// <summary>Most places that one attempt is told: an attempt that reads more partitions computes those that its worker does not hold.</summary>
    public const int MaxPlaces = 4096;

    /// <summary>No hints.</summary>
    public static CacheHints None { get; } = new([], [], []);

    /// <summary>The holders of a partition, best first.</summary>
    internal CachePeer[] HoldersOf(RddId rdd, int partitionIndex)
    {
        List<CachePeer>? holders = null;
        foreach (var place in Places)
        {
            if (place.Rdd == rdd && place.PartitionIndex == partitionIndex)
            {
                (holders ??= []).Add(Workers[place.WorkerIndex]);
            }
        }

        return holders is null ? [] : [.. holders];
    }
}

/// <summary>A partition that an attempt has left in caches.</summary>
/// <param name="Workers">Its own worker, then those that took a copy.</param>
[GenerateSerializer, Immutable, Alias("dpark.KeptPartition")]
public sealed record KeptPartition([property: Id(0)] RddId Rdd, [property: Id(1)] int PartitionIndex, [property: Id(2)] WorkerId[] Workers);

/// <summary>Tells a worker to copy a cached partition from another one and to hold it.</summary>
/// <param name="Key">The partition.</param>
/// <param name="Level">As the first holder keeps it.</param>
/// <param name="Content">Names what is to be copied; see <see cref="CachedSegment.Content"/>.</param>
[GenerateSerializer, Immutable, Alias("dpark.CacheCopy")]
public sealed record CacheCopy(
    [property: Id(0)] PartitionKey Key, [property: Id(1)] StorageLevel Level, [property: Id(2)] Guid Content, [property: Id(3)] CachePeer From);
