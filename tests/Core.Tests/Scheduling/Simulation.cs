using System.Runtime.CompilerServices;
using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Tasks;
using Dpark.TestKit;
using Dpark.Workers;

namespace Dpark.Scheduling;

/// <summary>A cluster that misbehaves by a seed: a driver that carries out a scheduler's actions, workers that run tasks of random length, and a network between them.</summary>
/// <remarks>
/// Every fault has a budget, so every job can end; what the scheduler must guarantee is checked as it happens. Two simulations of one seed do the same in the
/// same order, so a seed that fails is replayed, with a trace that costs too much for all of them.
/// </remarks>
internal sealed partial class Simulation
{
    private static readonly AppId Application = new("app-sim");
    private static readonly TimeSpan TimeLimit = TimeSpan.FromHours(2);

    // Counting everything costs more than all the rest.
    private const int EventsPerCheck = 8;

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

    private readonly bool _isTraced;
    private int _appliedCount;

    private Simulation(int seed, bool isTraced)
    {
        _random = new Random(seed);
        _isTraced = isTraced;
        _faultBudget = _random.Next(0, 12);
        _missingInputBudget = _random.Next(0, 3);
        _scheduler = new(Application, RandomOptions(), _clock);
    }

    /// <summary>What happened, line by line; empty unless it was asked for.</summary>
    public List<string> Trace { get; } = [];

    /// <summary>Attempts that were launched before their inputs were there.</summary>
    public int AheadCount { get; private set; }

    /// <summary>Those of them whose worker made the inputs.</summary>
    public int StartedAheadCount { get; private set; }

    /// <summary>Runs one seed to its end.</summary>
    /// <exception cref="InvalidOperationException">The scheduler broke a promise; the message begins with the seed.</exception>
    public static Simulation Run(int seed, bool isTraced = false)
    {
        var simulation = new Simulation(seed, isTraced);
        try
        {
            simulation.Run();
        }
        catch (Exception) when (!isTraced)
        {
            Run(seed, isTraced: true);
            throw new InvalidOperationException($"Seed {seed} failed, but not when it was replayed: something depends on more than the seed.");
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(
                $"Seed {seed} fails; {nameof(Simulation)}.{nameof(Run)}({seed}, isTraced: true) replays it. {e.Message}\n{string.Join('\n', simulation.Trace.TakeLast(80))}", e);
        }

        return simulation;
    }

    private SchedulerOptions RandomOptions()
    {
        var options = new SchedulerOptions
        {
            MaxTaskFailures = 4,
            MaxConsecutiveStageAttempts = 1000,
            MaxWorkerLosses = 1000,
            SpareLastWorker = Chance(0.7),
            MaxLaunchFailures = 10_000,
            MaxProgramRestores = 1000,
            PrefetchPerSlot = _random.Next(0, 4),
            WaitingLimit = TimeSpan.Zero,
            Mode = Chance(0.5) ? SchedulingMode.Fair : SchedulingMode.Fifo,
            LocalityWait = TimeSpan.FromMilliseconds(Chance(0.3) ? 0 : _random.Next(1, 1000)),
            Speculation = Chance(0.5),
            SpeculationInterval = TimeSpan.FromMilliseconds(50),
            SpeculationQuantile = _random.NextDouble(),
            SpeculationMultiplier = 2,
            SpeculationMinRunTime = TimeSpan.FromMilliseconds(20),
            ExcludeOnFailure = Chance(0.7),
            MaxStageFailuresPerWorker = _random.Next(1, 3),
            MaxFailuresPerWorker = _random.Next(1, 3),
            ExcludeTime = TimeSpan.FromSeconds(_random.Next(1, 60)),
        };
        options.Pools.Add(new() { Name = "pool-0", Weight = 3, Mode = SchedulingMode.Fair });
        options.Pools.Add(new() { Name = "pool-1", MinShare = 2 });
        return options;
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

            if (_clock.GetTimestamp() >= TimeLimit.Ticks)
            {
                Check(false, $"{_unfinishedJobs} jobs did not end: {string.Join(", ", _jobs.Values.Where(j => !j.HasEnded).Select(j => j.Id))}.");
            }

            step();
        }

        Check(_unfinishedJobs == 0, $"Nothing is left to happen, but {_unfinishedJobs} jobs have not ended.");
        Decide();
        _scheduler.AssertNoState();
        Check(_readyStages.Count == 0, $"Programs of {_readyStages.Count} stages were never released.");
    }

    private static void Check(bool condition, [InterpolatedStringHandlerArgument(nameof(condition))] CheckMessage message)
    {
        if (!condition)
        {
            throw new InvalidOperationException(message.ToString());
        }
    }

    private void Log(string kind, object step)
    {
        if (_isTraced)
        {
            Trace.Add($"{TimeSpan.FromTicks(_clock.GetTimestamp()).TotalMilliseconds,8:0.0} {kind}{Describe(step)}");
        }
    }

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
        Log("-> ", change);
        _scheduler.Apply(change);
        AssertConsistent();
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
        AssertConsistent();
        foreach (var action in actions)
        {
            Log("   ", action);
            CarryOut(action);
        }
    }

    private void AssertConsistent()
    {
        if (_appliedCount++ % EventsPerCheck == 0)
        {
            _scheduler.AssertConsistent();
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

    /// <summary>Text that is only made if it is needed.</summary>
    [InterpolatedStringHandler]
    private ref struct CheckMessage
    {
        private DefaultInterpolatedStringHandler _text;

        public CheckMessage(int literalLength, int formattedCount, bool condition, out bool isNeeded)
        {
            isNeeded = !condition;
            _text = isNeeded ? new(literalLength, formattedCount) : default;
        }

        public void AppendLiteral(string text) => _text.AppendLiteral(text);

        public void AppendFormatted<T>(T value) => _text.AppendFormatted(value);

        public override readonly string ToString() => _text.ToString();
    }
}
