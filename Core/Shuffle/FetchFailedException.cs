using Dpark.Workers;

namespace Dpark.Shuffle;

/// <summary>A reduce task could not read a map output. The scheduler runs that map again.</summary>
[GenerateSerializer, Alias("dpark.FetchFailedException")]
public sealed class FetchFailedException(ShuffleId shuffle, int mapIndex, WorkerId worker, string reason) : Exception(
    $"Map output {mapIndex} of {shuffle} could not be read from {worker}: {reason} " +
    "The map runs again elsewhere; if this repeats, look for a full disk or a restart on that worker.")
{
    /// <summary>The shuffle to repair.</summary>
    [Id(0)] public ShuffleId Shuffle { get; } = shuffle;

    /// <summary>The map to run again; -1 if the worker's list of map outputs itself was not complete.</summary>
    [Id(1)] public int MapIndex { get; } = mapIndex;

    /// <summary>The worker that should have served it.</summary>
    [Id(2)] public WorkerId Worker { get; } = worker;

    /// <summary>The worker serves nothing: it does not answer, or another one answers in its place. Otherwise only this output is known to be unreadable.</summary>
    [Id(3)] public bool IsWorkerGone { get; init; }
}
