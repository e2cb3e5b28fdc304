using Orleans.Concurrency;

namespace Dpark.Shuffle;

/// <summary>One shuffle: how wide it is, and its deletion on every worker. Keyed by application and shuffle, see <see cref="ShuffleGrainKeys"/>.</summary>
[Alias("dpark.IShuffleGrain")]
public interface IShuffleGrain : IGrainWithStringKey
{
    /// <summary>Deletes the shuffle: in the registry, and its files on every worker that has some. Workers that cannot be reached are left to their own clean-up. Harmless the second time.</summary>
    [Alias("Delete")]
    Task DeleteAsync(CancellationToken cancellationToken);

    /// <summary>What the registry knows of the shuffle.</summary>
    [Alias("GetState"), ReadOnly]
    Task<ShuffleSummary> GetStateAsync(CancellationToken cancellationToken);
}

/// <summary>A shuffle in numbers.</summary>
/// <param name="MapCount">Map outputs when it is complete; 0 if it is not known.</param>
/// <param name="RegisteredCount">Map outputs that exist.</param>
/// <param name="ReducePartitionCount">Buckets per map output; 0 if none exists.</param>
/// <param name="Bytes">Stored bytes of all buckets.</param>
/// <param name="IsDeleted">Whether it was deleted.</param>
[GenerateSerializer, Immutable, Alias("dpark.ShuffleSummary")]
public sealed record ShuffleSummary(
    [property: Id(0)] int MapCount,
    [property: Id(1)] int RegisteredCount,
    [property: Id(2)] int ReducePartitionCount,
    [property: Id(3)] long Bytes,
    [property: Id(4)] bool IsDeleted);
