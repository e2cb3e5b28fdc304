using Dpark.Rdds;
using Dpark.Shuffle;

namespace Dpark.Scheduling;

/// <summary>
/// A stage as the scheduler sees it: how many tasks it has, what must exist before them, and what they make. Immutable; made by the planner's caller.
/// </summary>
/// <remarks>
/// A stage that feeds a shuffle is known by its <see cref="Shuffle"/>: of two jobs that bring a stage for the same shuffle, the first one's is run
/// and the other's is not used. The parents are part of it even if their outputs exist, because an output may be lost while the job runs.
/// </remarks>
/// <param name="stageId">Number within the application. Of a stage without a shuffle: never given before.</param>
/// <param name="partitionCount">Partitions of the stage's RDD; of a map stage also the number of map outputs. May be 0.</param>
/// <param name="shuffle">The shuffle it writes; <see langword="null"/> for the last stage of a job.</param>
/// <param name="parents">The map stages it reads. No cycles.</param>
public sealed class StageInfo(int stageId, int partitionCount, ShuffleId? shuffle, IReadOnlyList<StageInfo> parents)
{
    /// <summary>Number within the application, from 0.</summary>
    public int StageId { get; } = stageId;

    /// <summary>Partitions of the stage's RDD.</summary>
    public int PartitionCount { get; } = partitionCount;

    /// <summary>The shuffle it writes; <see langword="null"/> for the last stage of a job.</summary>
    public ShuffleId? Shuffle { get; } = shuffle;

    /// <summary>The map stages it reads.</summary>
    public IReadOnlyList<StageInfo> Parents { get; } = parents;

    /// <summary>
    /// Hosts, or <see cref="Workers.WorkerId"/> values, near the data of a partition; empty if it does not matter. Asked once per partition when the stage
    /// starts, in the scheduler's thread. <see langword="null"/> if it matters for none.
    /// </summary>
    public Func<int, IReadOnlyList<string>>? PreferredLocations { get; init; }

    /// <summary>
    /// Its tasks may make other records when they run again, as <see cref="Determinism.Different"/> says; so is then every stage that reads it.
    /// </summary>
    public bool IsIndeterminate { get; init; }

    /// <summary>The operator that the user knows the stage by.</summary>
    public CallSite CallSite { get; init; }

    /// <summary>What the driver serializes for it: the planner's stage. The scheduler never looks at it.</summary>
    public object? Source { get; init; }

    /// <summary>The form used in logs, such as <c>stage-3</c>.</summary>
    public override string ToString() => $"stage-{StageId}";
}
