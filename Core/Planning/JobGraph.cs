using Dpark.Shuffle;

namespace Dpark.Planning;

/// <summary>The stages of one job. Immutable.</summary>
/// <param name="resultStage">Makes the result.</param>
/// <param name="stages">All stages, parents first; the result stage is the last one.</param>
public sealed class JobGraph(Stage resultStage, IReadOnlyList<Stage> stages)
{
    /// <summary>Makes the result.</summary>
    public Stage ResultStage { get; } = resultStage;

    /// <summary>
    /// All stages, each once, parents first; also those whose shuffles exist, because an output may be lost while the job runs. The result stage is the last.
    /// </summary>
    public IReadOnlyList<Stage> Stages { get; } = stages;

    /// <summary>The stages that must run for the result, parents first, given which shuffles are complete. Can be asked again when that has changed.</summary>
    /// <param name="isAvailable">Whether every map output of a shuffle exists. Asked once per shuffle at most.</param>
    /// <returns>Always with the result stage at the end. What only an available shuffle was made from is left out.</returns>
    public IReadOnlyList<Stage> MissingStages(Func<ShuffleId, bool> isAvailable)
    {
        ArgumentNullException.ThrowIfNull(isAvailable);
        var needed = new HashSet<Stage> { ResultStage };
        var missing = new List<Stage>();

        // Children come before their parents in reverse order, so whether a stage is needed is known when it is met.
        for (var i = Stages.Count - 1; i >= 0; i--)
        {
            var stage = Stages[i];
            if (!needed.Contains(stage) || (stage.Shuffle is { } shuffle && isAvailable(shuffle)))
            {
                continue;
            }

            missing.Add(stage);
            needed.UnionWith(stage.Parents);
        }

        missing.Reverse();
        return missing;
    }
}
