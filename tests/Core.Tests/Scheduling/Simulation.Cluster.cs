using System.Collections.Immutable;
using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Scheduling;

internal sealed partial class Simulation
{
    // Which map outputs of indeterminate stages went into a map output, or into a result.
    private readonly Dictionary<(ShuffleId Shuffle, int Map, int Attempt), Dictionary<(ShuffleId Shuffle, int Map), int>> _mapSources = [];
    private readonly Dictionary<TaskAttemptId, Dictionary<(ShuffleId Shuffle, int Map), int>> _sources = [];

    // How often a worker was lost while an attempt of a task was waited for.
    private readonly Dictionary<(int StageId, int Partition), int> _lostUnder = [];
    private bool _wasStandInRefused;

    private void AddWorker() => AddWorker(isStandIn: false);

    private void AddWorker(bool isStandIn)
    {
        var number = _workerCount++;
        var worker = new SimulatedWorker(this, new($"worker-{number}"), $"host-{number % 3}", isStandIn ? 1 : _random.Next(1, 4))
        {
            Slowness = Chance(0.2) ? 10 : 1,
            IsStandIn = isStandIn,
        };
        _workers.Add(worker.Id, worker);
        worker.IsKnown = true;
        Tell(new WorkerJoined(worker.Id, worker.Host, worker.SlotCount) { IsStandIn = isStandIn });
    }

    private void StartStandIn(WorkerId last)
    {
        Check(_workers[last] is { IsKnown: true, IsStandIn: false }, $"{last} was asked for a stand-in.");
        Check(_workers.Values.Count(worker => worker is { IsKnown: true, IsStandIn: false }) == 1, $"{last} was asked for a stand-in, but is not the last worker.");
        if (Chance(0.1))
        {
            After(0, 50, () =>
            {
                _wasStandInRefused = true;
                Tell(new StandInRefused(last, "It cannot."));
            });
        }
        else
        {
            After(0, 500, () => AddWorker(isStandIn: true));
        }
    }

    private void CheckStandIn(TaskAssignment task)
    {
        var (stage, partition) = (task.Attempt.StageId, task.Attempt.PartitionIndex);
        Check(_lostUnder.GetValueOrDefault((stage, partition)) > 1, $"{task.Attempt} was launched on a stand-in, but has not lost two workers.");
    }

    private void InjectFault()
    {
        SimulatedWorker[] known = [.. _workers.Values.Where(w => w is { IsKnown: true, IsStandIn: false })];
        if (known.Length == 0)
        {
            return;
        }

        var victim = known[_random.Next(known.Length)];
        switch (_random.Next(8))
        {
            case 0 or 1:
                Log("", $"{victim.Id} dies");
                victim.HasDied = true;
                After(0, 200, () => Lose(victim));
                break;
            case 2:
                // It is thought dead, and goes on: what it reports from now on must change nothing.
                Lose(victim);
                break;
            case 3:
                victim.CorruptOne();
                break;
            case 4:
                Log("", "the registry forgets");
                Tell(new RegistryLost());
                break;
            case 6:
                victim.Slowness = victim.Slowness == 1 ? 20 : 1;
                break;
            case 5:
                Tell(new WorkerJoined(victim.Id, victim.Host, victim.SlotCount = _random.Next(1, 5)));
                break;
            default:
                Lose(victim);
                victim.HasDied = true;
                break;
        }
    }

    private void Lose(SimulatedWorker worker)
    {
        if (!worker.IsKnown)
        {
            return;
        }

        worker.IsKnown = false;
        foreach (var attempt in _live.Where(pair => pair.Value == worker.Id).Select(pair => pair.Key).ToArray())
        {
            _live.Remove(attempt);
            var task = (attempt.StageId, attempt.PartitionIndex);
            _lostUnder[task] = _lostUnder.GetValueOrDefault(task) + 1;
        }

        Tell(new WorkerLost(worker.Id, "It did not answer."));
        After(0, 400, Chance(0.3) && !worker.HasDied ? () => Return(worker) : AddWorker);
    }

    /// <summary>The same worker joins again, with nothing of what it had.</summary>
    private void Return(SimulatedWorker worker)
    {
        if (worker.HasDied)
        {
            AddWorker();
            return;
        }

        worker.Forget();
        worker.IsKnown = true;
        Tell(new WorkerJoined(worker.Id, worker.Host, worker.SlotCount));
    }

    /// <summary>Sends a report as a network may: late, twice, never if the worker dies first.</summary>
    private void Send(SimulatedWorker worker, TaskReport report)
    {
        var copies = Chance(0.1) ? 2 : 1;
        for (var i = 0; i < copies; i++)
        {
            After(0, 30, () =>
            {
                if (!worker.HasDied)
                {
                    _live.Remove(report.Attempt);
                    Tell(new TaskReported(worker.Id, report));
                }
            });
        }
    }

    /// <summary>A worker that runs tasks in the order they came, as many at once as it has slots.</summary>
    private sealed class SimulatedWorker(Simulation owner, WorkerId id, string host, int slotCount)
    {
        private readonly Queue<TaskAssignment> _queue = new();
        private readonly HashSet<TaskAttemptId> _cancelled = [];
        private readonly Dictionary<(ShuffleId Shuffle, int Map, int Attempt), bool> _files = [];
        private readonly HashSet<(ShuffleId Shuffle, int Map, int Attempt)> _written = [];
        private readonly Dictionary<ShuffleId, Dictionary<int, MapOutput>> _made = [];
        private readonly List<TaskAssignment> _waiting = [];
        private int _runningCount;

        public WorkerId Id => id;

        public string Host => host;

        public int SlotCount { get; set; } = slotCount;

        /// <summary>The driver has been told of it, and not of its loss.</summary>
        public bool IsKnown { get; set; }

        public bool HasDied { get; set; }

        /// <summary>Nothing happens to it: a stand-in that dies fails jobs.</summary>
        public bool IsStandIn { get; init; }

        /// <summary>Its tasks take so many times as long as those of others.</summary>
        public int Slowness { get; set; }

        /// <summary>It lost its work directory.</summary>
        public void Forget()
        {
            _files.Clear();
            _made.Clear();
        }

        public void Start(IReadOnlyList<TaskAssignment> tasks)
        {
            foreach (var task in tasks)
            {
                if (IsMade(task))
                {
                    _queue.Enqueue(task);
                }
                else
                {
                    _waiting.Add(task);
                }
            }

            RunNext();
        }

        public void Cancel(IReadOnlyList<TaskAttemptId> attempts)
        {
            foreach (var attempt in attempts)
            {
                _cancelled.Add(attempt);
            }

            foreach (var task in _waiting.Where(task => _cancelled.Contains(task.Attempt)).ToArray())
            {
                _waiting.Remove(task);
                owner.Send(this, Compute(task, []));
            }
        }

        public void CorruptOne()
        {
            var files = _files.Keys.ToArray();
            if (files.Length > 0)
            {
                _files[files[owner._random.Next(files.Length)]] = false;
            }
        }

        public bool CanServe(ShuffleId shuffle, MapOutput output) =>
            !HasDied && IsKnown && _files.GetValueOrDefault((shuffle, output.MapIndex, output.Attempt));

        private bool IsMade(TaskAssignment task) =>
            task.Awaits is not { } shuffle || _made.GetValueOrDefault(shuffle)?.Count == WidthOf(task, shuffle);

        private static int WidthOf(TaskAssignment task, ShuffleId shuffle) => task.Stage.Parents.First(parent => parent.Shuffle == shuffle).PartitionCount;

        private void StartWaiting()
        {
            foreach (var task in _waiting.Where(IsMade).ToArray())
            {
                _waiting.Remove(task);
                _queue.Enqueue(task);
                owner.StartedAheadCount++;
            }
        }

        private List<MapOutput> ListInputs(TaskAssignment task, ShuffleId shuffle) => task.Awaits == shuffle ? [.. _made.GetValueOrDefault(shuffle, []).Values] : owner._registry.List(shuffle);

        private void RunNext()
        {
            while (_runningCount < SlotCount && _queue.TryDequeue(out var task))
            {
                _runningCount++;
                var inputs = task.Stage.Parents.Select(p => (Shuffle: p.Shuffle!.Value, Outputs: ListInputs(task, p.Shuffle!.Value))).ToArray();
                owner.After(0, (owner.Chance(0.05) ? 2000 : 60) * Slowness, () => Finish(task, inputs));
            }
        }

        private void Finish(TaskAssignment task, (ShuffleId Shuffle, List<MapOutput> Outputs)[] inputs)
        {
            _runningCount--;
            if (!HasDied)
            {
                owner.Send(this, Compute(task, inputs));
                StartWaiting();
                RunNext();
            }
        }

        private TaskReport Compute(TaskAssignment task, (ShuffleId Shuffle, List<MapOutput> Outputs)[] inputs)
        {
            var report = new TaskReport(task.Attempt, TaskOutcome.Succeeded, [], null, 0, null, null, new() { RunTime = TimeSpan.FromMilliseconds(5 * Slowness) }, []);
            if (_cancelled.Contains(task.Attempt))
            {
                return report with { Outcome = TaskOutcome.Cancelled };
            }

            if (FindUnreadable(task, inputs) is { } failure)
            {
                return report with { Outcome = TaskOutcome.FetchFailed, Failure = failure };
            }

            if (owner._missingInputBudget > 0 && owner.Chance(0.05))
            {
                owner._missingInputBudget--;
                return report with { Outcome = TaskOutcome.MissingInput, Failure = Failure("program") };
            }

            var key = (task.Stage.StageId, task.Attempt.PartitionIndex);
            if (owner._failures.GetValueOrDefault(key) < 3 && owner.Chance(0.08))
            {
                owner._failures[key] = owner._failures.GetValueOrDefault(key) + 1;
                return report with { Outcome = TaskOutcome.Failed, Failure = Failure("user code") };
            }

            NoteSources(task, inputs);
            if (task.Stage.Shuffle is not { } shuffle)
            {
                return report;
            }

            var file = (shuffle, task.Attempt.PartitionIndex, task.Attempt.Attempt);
            Check(_written.Add(file), $"{task.Attempt} overwrote a map output.");
            _files.Add(file, true);
            var output = new MapOutput(task.Attempt.PartitionIndex, id, task.Attempt.Attempt, ImmutableArray<long>.Empty, 0);
            (_made.TryGetValue(shuffle, out var made) ? made : _made[shuffle] = [])[output.MapIndex] = output;
            return report with { Result = null, MapOutput = output };
        }

        /// <summary>Which outputs of indeterminate stages went into this attempt, over all stages before.</summary>
        private void NoteSources(TaskAssignment task, (ShuffleId Shuffle, List<MapOutput> Outputs)[] inputs)
        {
            if (!task.Stage.IsIndeterminate && !task.Stage.Parents.Any(parent => parent.IsIndeterminate))
            {
                return;
            }

            Dictionary<(ShuffleId Shuffle, int Map), int> sources = [];
            foreach (var (shuffle, outputs) in inputs)
            {
                foreach (var output in outputs)
                {
                    foreach (var (map, attempt) in owner._mapSources.GetValueOrDefault((shuffle, output.MapIndex, output.Attempt)) ?? [])
                    {
                        Check(sources.TryAdd(map, attempt) || sources[map] == attempt, $"{task.Attempt} reads two versions of map {map.Map} of {map.Shuffle}.");
                    }
                }
            }

            if (task.Stage.Shuffle is { } made)
            {
                sources[(made, task.Attempt.PartitionIndex)] = task.Attempt.Attempt;
                owner._mapSources[(made, task.Attempt.PartitionIndex, task.Attempt.Attempt)] = sources;
            }
            else
            {
                owner._sources[task.Attempt] = sources;
            }
        }

        private TaskFailure? FindUnreadable(TaskAssignment task, (ShuffleId Shuffle, List<MapOutput> Outputs)[] inputs)
        {
            foreach (var (shuffle, outputs) in inputs)
            {
                if (outputs.Count != WidthOf(task, shuffle))
                {
                    return Failure("incomplete list") with { Shuffle = shuffle, MapIndex = -1, Worker = id };
                }

                foreach (var output in outputs)
                {
                    var server = owner._workers[output.Worker];
                    if (!server.CanServe(shuffle, output))
                    {
                        var failure = Failure("unreadable") with { Shuffle = shuffle, MapIndex = output.MapIndex, Worker = output.Worker };
                        return failure with { IsWorkerGone = server.HasDied };
                    }
                }
            }

            return null;
        }

        private static TaskFailure Failure(string message) => new("Test", message, "", null, null, 0, null, null);
    }
}
