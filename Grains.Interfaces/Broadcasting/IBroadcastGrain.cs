using Dpark.Workers;
using Orleans.Concurrency;

namespace Dpark.Broadcasting;

/// <summary>
/// One thing that a driver publishes to the workers of its application: a broadcast value, a stage program, an assembly. Knows who has it, so that workers fetch
/// from each other. Keyed by application and name, see <see cref="BroadcastNames.KeyOf"/>.
/// </summary>
/// <remarks>Nothing is stored. A worker that finds an empty activation reports a missing input, and the driver publishes it again.</remarks>
[Alias("dpark.IBroadcastGrain")]
public interface IBroadcastGrain : IGrainWithStringKey
{
    /// <summary>Publishes it, or publishes it again.</summary>
    [Alias("Publish"), ResponseTimeout("00:00:05")]
    Task PublishAsync(BroadcastContent content, CancellationToken cancellationToken);

    /// <summary>What it is and who has it; <see langword="null"/> if it is not published.</summary>
    [Alias("Locate"), ReadOnly]
    Task<BroadcastContent?> LocateAsync(CancellationToken cancellationToken);

    /// <summary>A worker has fetched it, or pieces of it beside those that it told of before, and serves them from now on.</summary>
    [Alias("AddHolder")]
    Task AddHolderAsync(BroadcastHolder holder, CancellationToken cancellationToken);

    /// <summary>A worker could not be asked for it.</summary>
    [Alias("RemoveHolder")]
    Task RemoveHolderAsync(WorkerId worker, CancellationToken cancellationToken);

    /// <summary>Forgets it. The bytes on the workers go with the application.</summary>
    [Alias("Remove")]
    Task RemoveAsync(CancellationToken cancellationToken);
}
