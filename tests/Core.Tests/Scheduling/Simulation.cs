using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Tasks;
using Dpark.TestKit;
using Dpark.Workers;

namespace Dpark.Scheduling;

/// <summary>A cluster that misbehaves by a seed: a driver that carries out a scheduler's actions, workers that run tasks of random length, and a network between them.</summary>
/// <remarks>
/// Every fault has a budget, so every job can end; what the scheduler must guarantee is checked as it happens. Two simulations of one seed do the same in the
/// same order, so a seed that fails can be replayed.
/// </remarks>
internal sealed partial class Simulation
{
    private static readonly AppId Application = new("app-sim");
    private static readonly TimeSpan TimeLimit = TimeSpan.FromHours(2);

    private readonly int _seed;
    private readonly Random _random;
    private readonly ManualTimeProvider _clock = new();
    private readonly PriorityQueue<Action, (long Ticks, long Ordinal)> _agenda = new();
    private readonly JobScheduler _scheduler;
    private readonly Dictionary<JobId, SimulatedJob> _jobs = [];
    private readonly Dictionary<WorkerId, SimulatedWorker> _workers = [];
    private readonly SimulatedRegistry _registry = new();
    private readonly HashSet<int> _readyStages = [];
    private readonly HashSet<TaskAttemptId> _launched = [];
    private readonly Dictionary<(int Stage, int Partition), int> _failures = [];
    private long _ordinal;
    private int _workerCount;
    private int _unfinishedJobs;
    private int _faultBudget;
    private int _missingInputBudget;
    private bool _decisionIsPending;

    private Simulation(int seed)
    {
        _seed = seed;
        _random = new Random(seed);
        _faultBudget = _random.Next(0, 12);
        _missingInputBudget = _random.Next(0, 3);
        var options = new SchedulerOptions
        {
            MaxTaskFailures = 4,
            MaxConsecutiveStageAttempts = 1000,
            MaxWorkerLosses = 1000,
            MaxLaunchFailures = 10_000,
            MaxProgramRestores = 1000,
            PrefetchPerSlot = _random.Next(0, 4),
        };
        _scheduler = new(Application, options, _clock);
    }

    /// <summary>What happened, line by line.</summary>
    public List<string> Trace { get; } = [];

    /// <summary>Runs one seed to its end.</summary>
    /// <exception cref="InvalidOperationException">The scheduler broke a promise; the message begins with the seed.</exception>
    public static Simulation Run(int seed)
    {
        var simulation = new Simulation(seed);
        try
        {
            simulation.Run();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(
                $"Seed {seed} fails; {nameof(Simulation)}.{nameof(Run)}({seed}) replays it. {e.Message}\n{string.Join('\n', simulation.Trace.TakeLast(80))}", e);
        }

        return simulation;
    }

    private void Run()
    {
        for (var i = _random.Next(0, 4); i >= 0; i--)
        {
            After(0, 50, AddWorker);
        }

        PlanJobs();
        for (var i = 0; i < _faultBudget; i++)
        {
            After(0, 3000, InjectFault);
        }

        while (_agenda.TryDequeue(out var step, out var time))
        {
            _clock.Advance(TimeSpan.FromTicks(time.Ticks - _clock.GetTimestamp()));
            if (_unfinishedJobs == 0)
            {
                break;
            }

            Check(_clock.GetTimestamp() < TimeLimit.Ticks, $"{_unfinishedJobs} jobs did not end: {string.Join(", ", _jobs.Values.Where(j => !j.HasEnded).Select(j => j.Id))}.");
            step();
        }

        Check(_unfinishedJobs == 0, $"Nothing is left to happen, but {_unfinishedJobs} jobs have not ended.");
        Decide();
        _scheduler.AssertNoState();
        Check(_readyStages.Count == 0, $"Programs of {_readyStages.Count} stages were never released.");
    }

    private void Check(bool condition, string message)
    {
        if (!condition)
        {
            throw new InvalidOperationException(message);
        }
    }

    private void Log(string line) => Trace.Add($"{TimeSpan.FromTicks(_clock.GetTimestamp()).TotalMilliseconds,8:0.0} {line}");

    /// <summary>Plans a step in a random number of milliseconds.</summary>
    private void After(int atLeast, int lessThan, Action step)
    {
        var delay = TimeSpan.FromMilliseconds(atLeast + (_random.NextDouble() * (lessThan - atLeast)));
        _agenda.Enqueue(step, (_clock.GetTimestamp() + delay.Ticks, _ordinal++));
    }

    private bool Chance(double probability) => _random.NextDouble() < probability;

    /// <summary>Gives the scheduler an event, and has it decide now or with the next event.</summary>
    private void Tell(SchedulerEvent change)
    {
        Log($"-> {Describe(change)}");
        _scheduler.Apply(change);
        _scheduler.AssertConsistent();
        if (Chance(0.3))
        {
            if (!_decisionIsPending)
            {
                _decisionIsPending = true;
                After(0, 5, Decide);
            }

            return;
        }

        Decide();
    }

    private void Decide()
    {
        _decisionIsPending = false;
        var actions = _scheduler.Decide();
        _scheduler.AssertConsistent();
        foreach (var action in actions)
        {
            Log($"   {Describe(action)}");
            CarryOut(action);
        }
    }

    private static string Describe(object step) => step switch
    {
        TaskReported { Report: var r, Worker: var w } => $"report {r.Attempt} {r.Outcome} of {w} {r.Failure?.MapIndex}",
        LaunchTasks l => $"launch on {l.Worker}: {string.Join(' ', l.Tasks.Select(t => $"{t.Attempt}@{t.MapOutputEpoch}"))}",
        CancelTasks c => $"cancel on {c.Worker}: {string.Join(' ', c.Attempts)}",
        LaunchFailed f => $"launch failed on {f.Worker}: {string.Join(' ', f.Attempts)}",
        RegisterMapOutputs m => $"register {m.Shuffle} {string.Join(' ', m.Outputs.Select(o => $"{o.MapIndex}:{o.Worker}"))} @{m.Epoch} {m.IsComplete}",
        ForgetMapOutputs m => $"forget {m.Shuffle} {string.Join(' ', m.MapIndexes)} @{m.Epoch}",
        DeliverResult d => $"deliver {d.Job} {d.Position} {d.Report.Attempt}",
        AcceptReport a => $"accept {a.Report.Attempt}",
        JobSubmitted j => $"submit {j.Job} {j.FinalStage} {j.Partitions.Count} of max {j.Options.MaxConcurrentPartitions}",
        StageProgress p => $"progress {p.Stage} {p.DoneCount}+{p.RunningCount}/{p.TotalCount} {p.IsEnded}",
        _ => step.ToString()!,
    };
}
