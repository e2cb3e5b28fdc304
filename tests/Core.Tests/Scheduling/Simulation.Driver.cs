using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Scheduling;

internal sealed partial class Simulation
{
    private readonly HashSet<ShuffleId> _unneeded = [];
    private readonly HashSet<(ShuffleId Shuffle, int Map)> _countedMaps = [];
    private readonly HashSet<(int StageId, int Partition)> _countedResults = [];

    // Attempts that the scheduler waits for, with their workers.
    private readonly Dictionary<TaskAttemptId, WorkerId> _live = [];
    private readonly HashSet<(int StageId, int Partition, WorkerId Worker)> _places = [];
    private int _wakeUp;

    private void PlanJobs()
    {
        var shuffles = PlanShuffles();
        var stageId = 100;
        _unfinishedJobs = _random.Next(1, 5);
        var jobCount = _unfinishedJobs;
        for (var i = 0; i < jobCount; i++)
        {
            var id = new JobId(i);
            var parents = shuffles.Where(_ => Chance(0.4)).ToArray();
            var width = _random.Next(0, 9);
            var final = new StageInfo(stageId++, width, null, parents) { PreferredLocations = RandomPreferences() };
            int[] partitions = [.. Enumerable.Range(0, width).Where(_ => Chance(0.8))];
            _random.Shuffle(partitions);
            var job = new SimulatedJob(new(id, final, partitions, new(default, Chance(0.3) ? _random.Next(1, 4) : 0) { Pool = RandomPool() }));
            _jobs.Add(id, job);
            After(0, 500, () => Submit(job));
            if (Chance(0.15))
            {
                After(0, 800, () => CancelJob(job));
            }
        }
    }

    /// <summary>A pool of map stages that several jobs share. Each may read those before it.</summary>
    private List<StageInfo> PlanShuffles()
    {
        List<StageInfo> stages = [];
        var count = _random.Next(0, 5);
        for (var i = 0; i < count; i++)
        {
            var parents = stages.Where(_ => Chance(0.5)).ToArray();
            stages.Add(new(i, _random.Next(0, 7), new ShuffleId(Application, i), parents)
            {
                PreferredLocations = RandomPreferences(),
                IsIndeterminate = Chance(0.2) || Array.Exists(parents, parent => parent.IsIndeterminate),
            });
        }

        return stages;
    }

    private string? RandomPool() => _random.Next(4) is var number and < 3 ? $"pool-{number}" : null;

    private Func<int, IReadOnlyList<string>>? RandomPreferences()
    {
        if (Chance(0.5))
        {
            return null;
        }

        var offset = _random.Next(3);
        return partition => (partition % 3) == 0 ? [] : [$"host-{(partition + offset) % 3}", $"worker-{partition % 4}"];
    }

    private void Submit(SimulatedJob job)
    {
        if (!job.HasEnded)
        {
            job.WasSubmitted = true;
            Tell(job.Submission);
            if (_jobs.Values.All(j => j.WasSubmitted || j.HasEnded))
            {
                DropShuffles();
            }
        }
    }

    /// <summary>No job will come any more, so some shuffles are not needed beyond those that run.</summary>
    private void DropShuffles()
    {
        foreach (var job in _jobs.Values)
        {
            foreach (var parent in job.Submission.FinalStage.Parents)
            {
                if (Chance(0.5) && _unneeded.Add(parent.Shuffle!.Value))
                {
                    Tell(new ShuffleUnneeded(parent.Shuffle.Value));
                }
            }
        }
    }

    private void CancelJob(SimulatedJob job)
    {
        if (!job.HasEnded)
        {
            if (job.WasSubmitted)
            {
                job.WasCancelled = true;
                Tell(new JobCancelled(job.Id));
            }

            if (!job.HasEnded)
            {
                End(job);
            }
        }
    }

    private void End(SimulatedJob job)
    {
        Check(!job.HasEnded, $"{job.Id} ended twice.");
        job.HasEnded = true;
        _unfinishedJobs--;
    }

    private void CarryOut(SchedulerAction action)
    {
        switch (action)
        {
            case StartStage start:
                Check(start.Again || !_readyStages.Contains(start.Stage.StageId), $"{start.Stage} was started twice.");
                _readyStages.Add(start.Stage.StageId);
                After(0, 20, () => Tell(new StageReady(start.Stage.StageId)));
                break;
            case ReleaseStage release:
                Check(_readyStages.Remove(release.Stage.StageId), $"{release.Stage} was released, but not started.");
                break;
            case LaunchTasks launch:
                Launch(launch);
                break;
            case CancelTasks cancel:
                foreach (var attempt in cancel.Attempts)
                {
                    _live.Remove(attempt);
                }

                After(0, 20, () => _workers[cancel.Worker].Cancel(cancel.Attempts));
                break;
            case RegisterMapOutputs register:
                _registry.Register(register);
                break;
            case ForgetMapOutputs forget:
                _registry.Forget(forget);
                break;
            case ForgetWorkerOutputs forget:
                _registry.Forget(forget);
                break;
            case DeliverResult deliver:
                Deliver(deliver);
                break;
            case CompleteJob complete:
                var completed = _jobs[complete.Job];
                Check(completed.IsDelivered, $"{complete.Job} is complete, but not delivered.");
                if (!completed.WasCancelled || !completed.HasEnded)
                {
                    End(completed);
                }

                break;
            case ReleaseShuffle release:
                Check(_unneeded.Contains(release.Shuffle), $"{release.Shuffle} was released, but jobs may read it.");
                _registry.Remove(release.Shuffle);
                _countedMaps.RemoveWhere(map => map.Shuffle == release.Shuffle);
                break;
            case FailJob fail when fail.Reason.StartsWith("A part of the output of", StringComparison.Ordinal):
                Check(_jobs[fail.Job].HasResults, $"{fail.Job} failed, but has no results that cannot be taken back.");
                End(_jobs[fail.Job]);
                break;
            case StartStandIn start:
                StartStandIn(start.Worker);
                break;
            case FailJob fail when fail.Reason.Contains("no process of its own could be started for it: It cannot.", StringComparison.Ordinal):
                Check(_wasStandInRefused, $"{fail.Job} failed, but no stand-in was refused.");
                End(_jobs[fail.Job]);
                break;
            case FailJob fail:
                throw new InvalidOperationException($"{fail.Job} failed: {fail.Reason}");
            case WakeAt wake:
                var mine = ++_wakeUp;
                var time = _clock.GetTimestamp() + wake.Delay.Ticks;
                _agenda.Enqueue(() => OnWakeUp(mine), (time, _ordinal++));
                break;
            case AcceptReport accept:
                Accept(accept);
                break;
            case StageProgress or JobWaiting or Notice or DiscardResult:
                break;
            default:
                throw new InvalidOperationException($"Unexpected {action}.");
        }
    }

    private void OnWakeUp(int wakeUp)
    {
        // A later wake-up call replaces an earlier one.
        if (wakeUp == _wakeUp)
        {
            Tell(new Tick());
        }
    }

    private void Launch(LaunchTasks launch)
    {
        foreach (var task in launch.Tasks)
        {
            Check(_launched.Add(task.Attempt), $"{task.Attempt} was launched twice.");
            Check(_readyStages.Contains(task.Stage.StageId), $"{task.Attempt} was launched without a program.");
            if (_workers[launch.Worker].IsStandIn)
            {
                CheckStandIn(task);
            }

            Check(task.Awaits is null || _workers.Values.Count(worker => worker is { IsKnown: true, IsStandIn: false }) == 1, $"{task.Attempt} waits for outputs on one of several workers.");
            foreach (var parent in task.Stage.Parents.Where(parent => parent.Shuffle != task.Awaits))
            {
                Check(_registry.IsComplete(parent.Shuffle!.Value, task.MapOutputEpoch), $"{task.Attempt} was launched without the outputs of {parent} at epoch {task.MapOutputEpoch}.");
            }
        }

        _places.Clear();
        foreach (var (attempt, place) in _live)
        {
            _places.Add((attempt.StageId, attempt.PartitionIndex, place));
        }

        foreach (var task in launch.Tasks)
        {
            var (stage, partition) = (task.Attempt.StageId, task.Attempt.PartitionIndex);
            Check(_places.Add((stage, partition, launch.Worker)), $"{task.Attempt} was launched on {launch.Worker}, where another attempt of it runs.");
            _live.Add(task.Attempt, launch.Worker);
        }

        AheadCount += launch.Tasks.Count(task => task.Awaits is not null);
        var worker = _workers[launch.Worker];
        Check(worker.IsKnown, $"Tasks were launched on {launch.Worker}, which is lost.");

        var isLost = worker.HasDied || (_faultBudget > 0 && Chance(0.02));
        var arrives = !worker.HasDied && (!isLost || Chance(0.5));
        if (arrives)
        {
            After(0, 10, () => worker.Start(launch.Tasks));
        }

        if (isLost)
        {
            After(5, 100, () => FailLaunch(worker, launch));
        }
    }

    private void FailLaunch(SimulatedWorker worker, LaunchTasks launch)
    {
        if (!worker.HasDied)
        {
            _faultBudget--;
        }

        foreach (var task in launch.Tasks)
        {
            _live.Remove(task.Attempt);
        }

        Tell(new LaunchFailed(worker.Id, [.. launch.Tasks.Select(t => t.Attempt)], "The call timed out."));
    }

    /// <summary>What a task adds to accumulators counts once per result and once per map output.</summary>
    private void Accept(AcceptReport accept)
    {
        var attempt = accept.Report.Attempt;
        if (accept.Stage.Shuffle is { } shuffle)
        {
            Check(_countedMaps.Add((shuffle, attempt.PartitionIndex)) == accept.IsFirst, $"{attempt} counts {(accept.IsFirst ? "again" : "never")}.");
        }
        else
        {
            Check(accept.IsFirst && _countedResults.Add((accept.Stage.StageId, attempt.PartitionIndex)), $"{attempt} counts again.");
        }
    }

    private void Deliver(DeliverResult deliver)
    {
        var job = _jobs[deliver.Job];
        if (_sources.TryGetValue(deliver.Report.Attempt, out var sources))
        {
            Check(job.IsMadeFrom(sources), $"{deliver.Report.Attempt} was made from other map outputs of an indeterminate stage than the results before.");
        }

        Check(!job.HasEnded || job.WasCancelled, $"{deliver.Job} got a result after its end.");
        Check(job.TryDeliver(deliver.Position), $"Position {deliver.Position} of {deliver.Job} was delivered twice, or before there was room for it.");
        Check(
            deliver.Report.Attempt.PartitionIndex == job.Submission.Partitions[deliver.Position],
            $"Position {deliver.Position} of {deliver.Job} got the result of {deliver.Report.Attempt}.");
        if (job.Submission.Options.MaxConcurrentPartitions > 0)
        {
            After(0, 100, () => Take(job));
        }
    }

    private void Take(SimulatedJob job)
    {
        while (job.TryTake(out var position) && !job.HasEnded)
        {
            Tell(new ResultTaken(job.Id, position));
        }
    }

    /// <summary>What the driver of the simulation knows of one job.</summary>
    private sealed class SimulatedJob(JobSubmitted submission)
    {
        private readonly bool[] _delivered = new bool[submission.Partitions.Count];
        private readonly Dictionary<(ShuffleId Shuffle, int Map), int> _sources = [];
        private int _takenCount;

        public JobSubmitted Submission => submission;

        public JobId Id => submission.Job;

        public bool HasEnded { get; set; }

        public bool WasSubmitted { get; set; }

        public bool WasCancelled { get; set; }

        public bool HasResults => Array.Exists(_delivered, d => d);

        /// <summary>Whether a result was made from the same outputs of indeterminate stages as those before.</summary>
        public bool IsMadeFrom(Dictionary<(ShuffleId Shuffle, int Map), int> sources)
        {
            foreach (var (map, attempt) in sources)
            {
                if (!_sources.TryAdd(map, attempt) && _sources[map] != attempt)
                {
                    return false;
                }
            }

            return true;
        }

        public bool IsDelivered => Array.TrueForAll(_delivered, d => d);

        public bool TryDeliver(int position)
        {
            var most = submission.Options.MaxConcurrentPartitions;
            if (_delivered[position] || (most > 0 && position >= _takenCount + most))
            {
                return false;
            }

            return _delivered[position] = true;
        }

        public bool TryTake(out int position)
        {
            position = _takenCount;
            if (position == _delivered.Length || !_delivered[position])
            {
                return false;
            }

            _takenCount++;
            return true;
        }
    }

    /// <summary>The registry of map outputs as the actions leave it.</summary>
    private sealed class SimulatedRegistry
    {
        private readonly Dictionary<ShuffleId, Dictionary<int, MapOutput>> _outputs = [];
        private readonly Dictionary<ShuffleId, int> _widths = [];
        private readonly Dictionary<ShuffleId, long> _epochs = [];

        public void Register(RegisterMapOutputs register)
        {
            Raise(register.Shuffle, register.Epoch);
            _widths[register.Shuffle] = register.MapCount;
            if (!_outputs.TryGetValue(register.Shuffle, out var outputs))
            {
                _outputs.Add(register.Shuffle, outputs = []);
            }

            foreach (var output in register.Outputs)
            {
                outputs[output.MapIndex] = output;
            }

            if (register.IsComplete != (outputs.Count == register.MapCount))
            {
                throw new InvalidOperationException($"{register.Shuffle} has {outputs.Count} of {register.MapCount} outputs, but complete is {register.IsComplete}.");
            }
        }

        public void Forget(ForgetMapOutputs forget)
        {
            Raise(forget.Shuffle, forget.Epoch);
            foreach (var map in forget.MapIndexes)
            {
                _outputs.GetValueOrDefault(forget.Shuffle)?.Remove(map);
            }
        }

        public void Forget(ForgetWorkerOutputs forget)
        {
            foreach (var outputs in _outputs.Values)
            {
                foreach (var output in outputs.Values.Where(o => o.Worker == forget.Worker).ToArray())
                {
                    outputs.Remove(output.MapIndex);
                }
            }
        }

        public void Remove(ShuffleId shuffle)
        {
            _outputs.Remove(shuffle);
            _widths.Remove(shuffle);
        }

        public bool IsComplete(ShuffleId shuffle, long epoch) =>
            _epochs.GetValueOrDefault(shuffle) >= epoch && _widths.TryGetValue(shuffle, out var width) && _outputs[shuffle].Count == width;

        private void Raise(ShuffleId shuffle, long epoch) => _epochs[shuffle] = Math.Max(_epochs.GetValueOrDefault(shuffle), epoch);

        public List<MapOutput> List(ShuffleId shuffle) => _outputs.TryGetValue(shuffle, out var outputs) ? [.. outputs.Values] : [];
    }
}
