using Dpark.Workers;
using Orleans.Concurrency;

namespace Dpark.Shuffle;

/// <summary>Knows where the map outputs of one application's shuffles are. Keyed by <see cref="Applications.AppId"/>. The driver tells it, workers ask it.</summary>
/// <remarks>
/// Nothing is stored: the driver's scheduler remembers every output. An activation that starts empty answers <see cref="MapOutputPage.IsComplete"/> =
/// <see langword="false"/>; the asking task then fails with a fetch failure of map -1, and the driver registers everything again. Changes are answered with the activation's own id, so
/// that the driver mostly learns of a new one before any task does.
/// </remarks>
[Alias("dpark.IMapOutputRegistryGrain")]
public interface IMapOutputRegistryGrain : IGrainWithStringKey
{
    /// <summary>Adds outputs; each replaces an older one of the same map. Large lists come in several messages, of which the last says <see cref="MapOutputRegistration.IsLast"/>.</summary>
    /// <returns>The generation: another one than before means that all that was told before is lost.</returns>
    [Alias("Register"), ResponseTimeout("00:00:03")]
    Task<Guid> RegisterAsync(MapOutputRegistration registration, CancellationToken cancellationToken);

    /// <summary>Removes single outputs that could not be read.</summary>
    /// <param name="epoch">The shuffle's list is at least this new afterwards.</param>
    /// <returns>The generation; see <see cref="RegisterAsync"/>.</returns>
    [Alias("Forget"), ResponseTimeout("00:00:03")]
    Task<Guid> ForgetAsync(ShuffleId shuffle, int[] mapIndexes, long epoch, CancellationToken cancellationToken);

    /// <summary>Removes every output of a lost worker.</summary>
    /// <param name="epoch">Every list is at least this new afterwards.</param>
    /// <returns>The generation; see <see cref="RegisterAsync"/>.</returns>
    [Alias("ForgetWorker"), ResponseTimeout("00:00:03")]
    Task<Guid> ForgetWorkerAsync(WorkerId worker, long epoch, CancellationToken cancellationToken);

    /// <summary>Removes a shuffle.</summary>
    /// <returns>The workers that had outputs of it.</returns>
    [Alias("RemoveShuffle")]
    Task<WorkerId[]> RemoveShuffleAsync(ShuffleId shuffle, CancellationToken cancellationToken);

    /// <summary>Part of a shuffle's list, small enough for a message.</summary>
    /// <param name="minimumEpoch">An older list is answered as not complete.</param>
    /// <param name="firstMap">The first map index of the part.</param>
    /// <remarks>Tasks wait for it, and a call to a silo that was killed may end by its timeout alone. Asked again, it does no harm.</remarks>
    [Alias("Get"), ReadOnly, ResponseTimeout("00:00:10")]
    Task<MapOutputPage> GetAsync(ShuffleId shuffle, long minimumEpoch, int firstMap, CancellationToken cancellationToken);

    /// <summary>A shuffle in numbers.</summary>
    [Alias("Summarize"), ReadOnly]
    Task<ShuffleSummary> SummarizeAsync(ShuffleId shuffle, CancellationToken cancellationToken);

    /// <summary>Removes everything.</summary>
    [Alias("Clear")]
    Task ClearAsync(CancellationToken cancellationToken);
}
