using Dpark.Rdds;
using Dpark.Shuffle;

namespace Dpark.Planning;

/// <summary>Cuts a lineage at its shuffles into stages. One per context; runs nothing and asks no worker. Thread-safe.</summary>
/// <remarks>
/// A shuffle that is reached on several ways, or by several jobs, has one stage id. The walk uses no recursion, so lineages may be many thousands of operators and
/// shuffles deep. What a stage computes does not depend on which shuffles exist; see <see cref="JobGraph.MissingStages"/>.
/// </remarks>
public sealed class StagePlanner
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ShuffleId, int> _stageIds = [];
    private int _nextStageId;

    /// <summary>Plans a job that computes partitions of <paramref name="rdd"/>. The result stage has an id of its own, also for the same RDD.</summary>
    /// <exception cref="FileNotFoundException">An input of the job is missing; so with other exceptions of sources, which list their partitions now.</exception>
    public JobGraph Plan(Rdd rdd)
    {
        ArgumentNullException.ThrowIfNull(rdd);
        var stages = new List<Stage>();
        var byShuffle = new Dictionary<ShuffleId, Stage>();
        var determinism = new DeterminismSearch();
        var path = new Stack<Unplanned>();
        path.Push(new Unplanned(rdd, output: null));
        while (true)
        {
            var current = path.Peek();
            if (current.NextInput(byShuffle) is { } input)
            {
                path.Push(new Unplanned(input.Parent, input));
                continue;
            }

            path.Pop();
            var stage = new Stage(IdOf(current.Output), current.Rdd, current.Output, [.. current.Inputs.Select(shuffle => byShuffle[shuffle.Shuffle])], determinism.Of(current.Rdd));
            _ = stage.PartitionCount;
            stages.Add(stage);
            if (current.Output is null)
            {
                return new JobGraph(stage, stages);
            }

            byShuffle.Add(current.Output.Shuffle, stage);
        }
    }

    /// <summary>Forgets the stage id of a shuffle that no job will read any more.</summary>
    public void Forget(ShuffleId shuffle)
    {
        lock (_lock)
        {
            _stageIds.Remove(shuffle);
        }
    }

    private int IdOf(ShuffleDependency? output)
    {
        lock (_lock)
        {
            if (output is null)
            {
                return _nextStageId++;
            }

            if (!_stageIds.TryGetValue(output.Shuffle, out var id))
            {
                id = _nextStageId++;
                _stageIds.Add(output.Shuffle, id);
            }

            return id;
        }
    }

    /// <summary>A stage whose parents are being planned.</summary>
    private sealed class Unplanned(Rdd rdd, ShuffleDependency? output)
    {
        private int _next;

        public Rdd Rdd { get; } = rdd;

        public ShuffleDependency? Output { get; } = output;

        /// <summary>The shuffles that the stage reads, each once.</summary>
        public List<ShuffleDependency> Inputs { get; } = InputsOf(rdd);

        /// <summary>The next shuffle that has no stage yet.</summary>
        public ShuffleDependency? NextInput(Dictionary<ShuffleId, Stage> planned)
        {
            for (; _next < Inputs.Count; _next++)
            {
                if (!planned.ContainsKey(Inputs[_next].Shuffle))
                {
                    return Inputs[_next];
                }
            }

            return null;
        }

        /// <summary>Walks through narrow dependencies and stops at shuffles.</summary>
        private static List<ShuffleDependency> InputsOf(Rdd rdd)
        {
            var inputs = new List<ShuffleDependency>();
            var seenShuffles = new HashSet<ShuffleId>();
            var seen = new HashSet<Rdd>(ReferenceEqualityComparer.Instance) { rdd };
            var waiting = new Stack<Rdd>();
            waiting.Push(rdd);
            while (waiting.TryPop(out var next))
            {
                foreach (var dependency in next.Dependencies)
                {
                    if (dependency is ShuffleDependency shuffle)
                    {
                        if (seenShuffles.Add(shuffle.Shuffle))
                        {
                            inputs.Add(shuffle);
                        }
                    }
                    else if (seen.Add(dependency.Parent))
                    {
                        waiting.Push(dependency.Parent);
                    }
                }
            }

            return inputs;
        }
    }
}
