using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Shuffle;
using Dpark.Workers;

namespace Dpark.Scheduling;

/// <summary>
/// Decides what runs where, for all jobs of one application. Pure: events in, actions out. Not thread-safe: one loop of the driver owns it.
/// </summary>
/// <remarks>
/// <para>
/// The driver's loop takes the events that have come, gives each to <see cref="Apply"/>, calls <see cref="Decide"/> once, and carries out what that
/// returns, in order. Every event costs constant time, amortised, but for the start and end of a job (its stages), of a run of a stage (its tasks),
/// and the loss of a worker (the map outputs that are remembered).
/// </para>
/// <para>
/// A job is a graph of stages. A stage of a running job is idle, or has a run. A run begins when something waits for the stage's output: the caller for a
/// result stage, tasks of a reading stage that could be launched for a map stage. It computes the partitions whose output is missing, and ends when none
/// is. Within a run a task is pending, launched, or done. Pending tasks are launched when all parents' map outputs exist and the driver said
/// <see cref="StageReady"/>, or ahead of the last of them where the only worker makes them all (<see cref="TaskAssignment.Awaits"/>); running tasks are left alone whatever is lost, because
/// what they have read already may be enough.
/// </para>
/// <para>
/// An attempt holds a slot from its launch until its report, its worker's loss, or a failed launch. After a failed launch nobody knows whether it
/// runs: it gives its slot back, another attempt is launched, and a success of either counts. The first success of a task counts; every other attempt
/// of the task is then cancelled, and its report, like any from a worker that is lost, finds no attempt that is waited for and changes nothing.
/// </para>
/// <para>
/// Map outputs belong to the shuffle, not to the job: they stay when the job ends, for later jobs, until their worker is lost, they cannot be read,
/// or the driver says <see cref="ShuffleUnneeded"/>. Every loss raises <see cref="Epoch"/>. An attempt carries the epoch of the lists that it may
/// read, so a fetch failure that was under way when the loss was noticed, or that names an output that has been made anew since, is known to be old
/// news: it is retried and counts for nothing.
/// </para>
/// <para>
/// What may go wrong for ever has a limit of its own, in <see cref="SchedulerOptions"/>: failures of a task, fetch failures of a task and of a stage
/// in a row, workers lost under a task, launches that fail, programs that workers cannot get. At a limit every job that needs the stage fails, with
/// the last cause. Whatever waits is told to the user by <see cref="JobWaiting"/>; what no running task can end, such as the lack of workers, fails the job in the end.
/// </para>
/// <para>
/// For people who change it: state of a job is dropped in <c>RemoveJob</c>, of a stage in <c>ReleaseStageState</c>, of an attempt in <c>Detach</c>, of a
/// worker in <c>LoseWorker</c>; what is added there is also named in <see cref="AssertNoState"/>. Nothing may depend on the order of a hash table, or a
/// failing seed of the simulator would not replay.
/// </para>
/// </remarks>
public sealed partial class JobScheduler
{
    private readonly SchedulerOptions _options;
    private readonly TimeProvider _timeProvider;
    private readonly long _origin;
    private readonly Dictionary<JobId, JobState> _jobs = [];
    private readonly Dictionary<int, StageState> _stages = [];
    private readonly Dictionary<ShuffleId, ShuffleState> _shuffles = [];
    private readonly Dictionary<WorkerId, WorkerState> _workers = [];
    private readonly RunnableStages _runnable = new();
    private List<SchedulerAction> _actions = [];
    private TimeSpan _now;

    /// <summary>Makes a scheduler without workers and jobs.</summary>
    /// <param name="timeProvider">Asked for timestamps only; the scheduler starts no timers.</param>
    public JobScheduler(AppId application, SchedulerOptions options, TimeProvider timeProvider)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(timeProvider);
        Application = application;
        _options = options;
        _timeProvider = timeProvider;
        _origin = timeProvider.GetTimestamp();
        _isWorkerThere = IsWorkerThere;
        _isHostThere = IsHostThere;
        _isThere = IsThere;
    }

    /// <summary>The application whose jobs it runs.</summary>
    public AppId Application { get; }

    /// <summary>Counts losses of map outputs, from 0. A list of map outputs is at least as new as the epoch it was registered with.</summary>
    public long Epoch { get; private set; }

    /// <summary>Takes in one event. What follows from it is in the next <see cref="Decide"/>.</summary>
    /// <exception cref="ArgumentException">
    /// A <see cref="JobSubmitted"/> is not consistent: ids given before, partitions out of range or repeated. Nothing has changed.
    /// </exception>
    public void Apply(SchedulerEvent change)
    {
        ArgumentNullException.ThrowIfNull(change);
        ReadClock();
        switch (change)
        {
            case TaskReported reported:
                OnReport(reported.Worker, reported.Report);
                break;
            case ResultTaken taken:
                OnResultTaken(taken);
                break;
            case JobSubmitted submitted:
                Submit(submitted);
                break;
            case JobCancelled cancelled:
                CancelJob(cancelled.Job);
                break;
            case StageReady ready:
                OnStageReady(ready.StageId);
                break;
            case StageNotReady notReady:
                OnStageNotReady(notReady);
                break;
            case LaunchFailed failed:
                OnLaunchFailed(failed);
                break;
            case WorkerJoined joined:
                OnWorkerJoined(joined);
                break;
            case WorkerLost lost:
                LoseWorker(lost);
                break;
            case StandInRefused refused:
                OnStandInRefused(refused);
                break;
            case WorkerSilent silent:
                SetSilence(silent.Worker, silent.Reason);
                break;
            case WorkerHeard heard:
                SetSilence(heard.Worker, reason: null);
                break;
            case ShuffleUnneeded unneeded:
                OnShuffleUnneeded(unneeded.Shuffle);
                break;
            case RegistryLost:
                RegisterEverything();
                break;
            case Tick:
                // It may be early by the precision of the driver's timer; then the rest is asked for again.
                _announcedWakeUp = null;
                break;
            default:
                throw new ArgumentException(
                    $"The scheduler does not know the event {change.GetType().FullName}. Handle it in {nameof(Apply)}.", nameof(change));
        }
    }

    /// <summary>
    /// Gives tasks to free slots, and returns everything to do since the last call. Call it once after a group of events: tasks for one worker then
    /// travel together.
    /// </summary>
    /// <returns>Actions in the order in which to carry them out; the caller's to keep. Mostly few or none.</returns>
    public IReadOnlyList<SchedulerAction> Decide()
    {
        ReadClock();
        ExpireTimers();

        // Before, because what is taken back may need other stages; after, because of stages that can launch something since.
        ReviewAhead();
        LookAtStages();
        ReviewAhead();
        FlushRegistrations();
        FlushCancellations();
        Speculate();
        PlaceTasks();
        LaunchAhead();
        FlushLaunches();
        FlushProgramRequests();
        ReportProgress();
        ReportWaitingJobs();
        AskForWakeUp();
        if (_actions.Count == 0)
        {
            return [];
        }

        var actions = _actions;
        _actions = [];
        return actions;
    }

    /// <summary>Checks that no job is left and nothing of finished ones but map outputs. For tests.</summary>
    /// <exception cref="InvalidOperationException">Something is left; the message names it.</exception>
    public void AssertNoState()
    {
        Assert(_jobs.Count == 0, $"{_jobs.Count} jobs, first {_jobs.Keys.FirstOrDefault()}");
        Assert(_stages.Count == 0, $"{_stages.Count} stages, first stage-{_stages.Keys.FirstOrDefault()}");
        Assert(_runnable.Count == 0 && !_runnable.HasSnapshot, $"{_runnable.Count} runnable stages, or a list of earlier ones");
        Assert(_stagesToLookAt.Count == 0 && _lookahead.Count == 0 && _mayBeFollowed.Count == 0 && _ahead.Count == 0, "stages to look at");
        Assert(_shufflesToRegister.Count == 0, "map outputs to register");
        Assert(_news.Count == 0, "news for the console");
        Assert(_pools.Count == 0, $"{_pools.Count} pools, first {_pools.Keys.FirstOrDefault()}");
        foreach (var worker in _workers.Values)
        {
            Assert(!worker.HasAttempts && worker.AssignedCount == 0, $"attempts on {worker.Id}");
            Assert(worker.Launching is null && worker.Cancelling is null, $"messages to {worker.Id}");
        }

        foreach (var shuffle in _shuffles.Values)
        {
            Assert(shuffle.Stage is null && shuffle.Readers.Count == 0 && (shuffle.UnregisteredCount == 0 || !shuffle.IsComplete), $"uses of {shuffle.Id}");
            Assert(!shuffle.IsUnneeded, $"{shuffle.Id}, which nobody needs");
        }
    }

    /// <summary>Checks what must hold between any two calls. For tests; costs time in the size of everything.</summary>
    /// <exception cref="InvalidOperationException">A counter does not match what it counts; the message names it.</exception>
    internal void AssertConsistent()
    {
        foreach (var stage in _stages.Values)
        {
            stage.Tasks?.AssertConsistent(stage.Info.ToString());
            Assert(stage.Jobs.Count > 0, $"{stage.Info} without a job");
            Assert(stage.IsRunnable == stage.CanLaunch, $"{stage.Info} in the wrong place of the line");
            Assert(
                stage.MissingParentCount == stage.Parents.Count(parent => !parent.Output!.IsComplete),
                $"a wrong count of missing parents of {stage.Info}");
            Assert(stage.RunningCount >= (stage.Tasks?.LaunchedCount ?? 0), $"a wrong count of running attempts of {stage.Info}");
            Assert(stage.Tasks is not null || stage.AttemptCount == 0, $"attempts of {stage.Info}, which does not run");
        }

        foreach (var worker in _workers.Values)
        {
            Assert(worker.AssignedCount == worker.ListAttempts().Count(attempt => attempt.HoldsSlot), $"a wrong count of attempts on {worker.Id}");
            Assert(worker.SuspectCount == worker.ListAttempts().Count(attempt => attempt is { HoldsSlot: true, IsSuspect: true }), $"a wrong count of suspects on {worker.Id}");
            Assert(worker.FreeIndex >= 0 == HasFreeSlot(worker), $"{worker.Id} in the wrong list");
            Assert(worker.IsCounted == IsUsable(worker), $"a wrong count of workers, because of {worker.Id}");
        }

        var held = _workers.Values.SelectMany(worker => worker.ListAttempts()).Where(attempt => attempt.HoldsSlot).ToArray();
        foreach (var stage in _stages.Values)
        {
            Assert(stage.RunningCount == held.Count(attempt => attempt.Stage == stage), $"a wrong count of running attempts of {stage.Info}");
        }

        foreach (var pool in _pools.Values)
        {
            Assert(pool.RunningCount == held.Count(attempt => attempt.Pool == pool), $"a wrong count of running attempts in the pool {pool.Name}");
            Assert(pool.JobCount == _jobs.Values.Count(job => job.Pool == pool) && pool.IsUsed, $"a wrong count of jobs in the pool {pool.Name}");
        }
    }

    private static void Assert(bool condition, string what)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"The scheduler holds {what}.");
        }
    }

    private void ReadClock() => _now = _timeProvider.GetElapsedTime(_origin);
}
