using System.Collections.Immutable;

namespace Dpark.Shuffle;

/// <summary>Tells a reduce task where the map outputs of a shuffle are. Implemented over the map output registry. Thread-safe.</summary>
public interface IMapOutputSource
{
    /// <summary>All map outputs of a shuffle, one per map partition. Blocks the task's thread until the list is there.</summary>
    /// <param name="minimumEpoch">The list must not be older than this: one that was kept from before is fetched again.</param>
    /// <exception cref="FetchFailedException">A map output is missing: some are being computed again.</exception>
    /// <exception cref="OperationCanceledException">The task was cancelled while it waited.</exception>
    ImmutableArray<MapOutputLocation> Get(ShuffleId shuffle, long minimumEpoch, CancellationToken cancellationToken);
}

/// <summary>One map output, and who serves it.</summary>
/// <param name="Endpoint">Host and port of the worker's block server, such as <c>127.0.0.1:40123</c>.</param>
[GenerateSerializer, Immutable, Alias("dpark.MapOutputLocation")]
public sealed record MapOutputLocation([property: Id(0)] MapOutput Output, [property: Id(1)] string Endpoint);
