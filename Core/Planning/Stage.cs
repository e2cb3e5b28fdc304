using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Tasks;

namespace Dpark.Planning;

/// <summary>Narrow operators that run in one task per partition, between the shuffles that they read and the shuffle, or the result, that they make. Immutable.</summary>
public sealed class Stage
{
    internal Stage(int id, Rdd rdd, ShuffleDependency? output, IReadOnlyList<Stage> parents, Determinism determinism)
    {
        Determinism = determinism;
        Id = id;
        Rdd = rdd;
        Output = output;
        Parents = parents;
    }

    /// <summary>Number within the application, from 0. Stages of two jobs for one shuffle have the same.</summary>
    public int Id { get; }

    /// <summary>The last RDD of the stage: its partitions are the tasks.</summary>
    public Rdd Rdd { get; }

    /// <summary>The shuffle that it makes; <see langword="null"/> for the stage that makes the result.</summary>
    public ShuffleDependency? Output { get; }

    /// <summary>Names the shuffle that it makes.</summary>
    public ShuffleId? Shuffle => Output?.Shuffle;

    /// <summary>The stages whose shuffles it reads, each once.</summary>
    public IReadOnlyList<Stage> Parents { get; }

    /// <summary>What a task gives when it runs again.</summary>
    public Determinism Determinism { get; }

    /// <summary>Tasks of the stage. May be 0.</summary>
    public int PartitionCount => Rdd.Partitions.Count;

    /// <summary>The operator that the user knows the stage by: the last one in it, or the action.</summary>
    public CallSite CallSite => Output?.CallSite ?? Rdd.CallSite;

    /// <summary>What its tasks run. Serialized once per stage run.</summary>
    public StageProgram CreateProgram() => Output?.CreateMapProgram() ?? Rdd.CreateResultProgram();

    /// <summary>The form used in logs, such as <c>stage-3</c>.</summary>
    public override string ToString() => $"stage-{Id}";
}
