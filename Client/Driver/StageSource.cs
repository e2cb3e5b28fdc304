using System.Collections.Concurrent;
using Dpark.Planning;
using Dpark.Tasks;

namespace Dpark.Driver;

/// <summary>What the driver keeps for a stage while the scheduler knows it: in <see cref="Scheduling.StageInfo.Source"/>.</summary>
internal sealed class StageSource(Stage stage, RunningJob job)
{
    /// <summary>The planner's stage.</summary>
    public Stage Stage { get; } = stage;

    /// <summary>The job that brought it; its tasks count for it.</summary>
    public RunningJob Job { get; } = job;

    /// <summary>Cached RDDs that its tasks may find on workers; <see langword="null"/> if there are none.</summary>
    public CachedInputs? Cached { get; } = CachedInputs.Of(stage.Rdd);

    /// <summary>Hosts or workers near what a partition is computed from. <see langword="null"/> if it matters for none.</summary>
    public Func<int, IReadOnlyList<string>>? PreferredLocations => Stage.PartitionCount == 0 ? null : LocationsOf;

    /// <summary>What tasks run. Set before the scheduler is told that the stage is ready; the same for every copy.</summary>
    public StageProgramId? Program { get; set; }

    /// <summary>Its bytes, for workers that have it from no earlier launch; <see langword="null"/> if they are many, and each worker fetches them. Set with it.</summary>
    public ProgramCopy? Copy { get; set; }

    /// <summary>No job needs it any more.</summary>
    public bool IsReleased { get; set; }

    /// <summary>Names of its partitions that were too large for launches, and published. Written by the loop.</summary>
    public ConcurrentDictionary<string, bool> LargePartitions { get; } = new(StringComparer.Ordinal);

    /// <summary>Why its program could not be made or stored, as it was thrown here.</summary>
    public Exception? Problem { get; set; }

    private IReadOnlyList<string> LocationsOf(int partition) => Cached?.PlacesOf(partition) is { Count: > 0 } places
        ? places
        : Stage.Rdd.PreferredLocations(Stage.Rdd.Partitions[partition]);
}
