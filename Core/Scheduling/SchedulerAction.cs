using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Scheduling;

/// <summary>Something that the driver must do, decided by <see cref="JobScheduler.Decide"/>. Actions of one decision are carried out in order.</summary>
public abstract record SchedulerAction;

/// <summary>Serialize a stage's program, store it in the cluster, and answer with <see cref="StageReady"/> or <see cref="StageNotReady"/>.</summary>
/// <param name="Again">
/// A worker could not get the program, an assembly or a broadcast: whatever is stored for the stage must be stored anew, even if it seems to be there.
/// </param>
public sealed record StartStage(StageInfo Stage, bool Again) : SchedulerAction;

/// <summary>One attempt to launch.</summary>
/// <param name="MapOutputEpoch">Goes into <see cref="TaskLaunch.MapOutputEpoch"/>.</param>
public readonly record struct TaskAssignment(TaskAttemptId Attempt, StageInfo Stage, long MapOutputEpoch)
{
    /// <summary>
    /// The attempt waits on its worker until that has made all map outputs of a shuffle, one of those that the stage reads; becomes <see cref="TaskLaunch.Awaits"/>.
    /// <see langword="null"/> if it can start at once.
    /// </summary>
    public ShuffleId? Awaits { get; init; }
}

/// <summary>Send attempts to a worker, in order. If that fails or its outcome is unknown, answer with <see cref="LaunchFailed"/>.</summary>
/// <param name="Tasks">At least one. All attempts that one decision gives to the worker.</param>
public sealed record LaunchTasks(WorkerId Worker, IReadOnlyList<TaskAssignment> Tasks) : SchedulerAction;

/// <summary>Tell a worker that attempts are not wanted any more. It may fail: their reports are ignored from now on.</summary>
public sealed record CancelTasks(WorkerId Worker, IReadOnlyList<TaskAttemptId> Attempts) : SchedulerAction;

/// <summary>Add map outputs to the registry. It must have them before a later <see cref="LaunchTasks"/> is sent, unless that takes them along.</summary>
/// <param name="MapCount">Map outputs that the shuffle has when it is complete.</param>
/// <param name="Outputs">
/// New ones since the last registration of the shuffle, many at a time or the last ones; each replaces an older one of the same map. Empty if only the epoch is new. They may be too
/// large for one message.
/// </param>
/// <param name="Epoch">The registry's list is at least this new once it has them.</param>
/// <param name="IsComplete">With these, every map of the shuffle has an output.</param>
public sealed record RegisterMapOutputs(ShuffleId Shuffle, int MapCount, IReadOnlyList<MapOutput> Outputs, long Epoch, bool IsComplete) : SchedulerAction;

/// <summary>Remove single map outputs, which could not be read, from the registry.</summary>
public sealed record ForgetMapOutputs(ShuffleId Shuffle, IReadOnlyList<int> MapIndexes, long Epoch) : SchedulerAction;

/// <summary>Remove every map output of a lost worker from the registry.</summary>
public sealed record ForgetWorkerOutputs(WorkerId Worker, long Epoch) : SchedulerAction;

/// <summary>
/// An attempt is the first of its partition that succeeded: its accumulators, counters and warnings count. Given once per partition of a stage run.
/// </summary>
/// <param name="IsFirst">
/// Nothing of the partition has counted before. Not so for a map output that was lost and computed again: what it adds to accumulators has counted.
/// </param>
public sealed record AcceptReport(StageInfo Stage, WorkerId Worker, TaskReport Report, bool IsFirst) : SchedulerAction;

/// <summary>A success that came too late kept its result as a block that nobody will read: it can be deleted.</summary>
public sealed record DiscardResult(TaskReport Report) : SchedulerAction;

/// <summary>An attempt was cancelled, and its code does not stop. It may be of a job that has ended.</summary>
/// <param name="Jobs">The running jobs that need its stage; mostly none.</param>
/// <param name="Reason">What that means for the worker; full sentences.</param>
public sealed record TaskStillRuns(TaskAttemptId Attempt, WorkerId Worker, IReadOnlyList<JobId> Jobs, string Reason) : SchedulerAction;

/// <summary>Hand a result to the caller of a job. Given once per position, in the order in which tasks end.</summary>
/// <param name="Position">Index into <see cref="JobSubmitted.Partitions"/>.</param>
public sealed record DeliverResult(JobId Job, int Position, TaskReport Report) : SchedulerAction;

/// <summary>Every result of a job was delivered. Nothing of the job is left in the scheduler.</summary>
public sealed record CompleteJob(JobId Job) : SchedulerAction;

/// <summary>A job ended without its result. Nothing of the job is left in the scheduler.</summary>
/// <param name="Reason">What failed, which limit, and what to do; full sentences.</param>
/// <param name="Failure">The last failure of the task, if a task failed.</param>
/// <param name="Attempt">The attempt that failed last.</param>
/// <param name="Worker">Where it ran.</param>
/// <param name="Stage">Its stage.</param>
public sealed record FailJob(
    JobId Job, string Reason, TaskFailure? Failure, TaskAttemptId? Attempt, WorkerId? Worker, StageInfo? Stage) : SchedulerAction;

/// <summary>
/// How far a stage is, for the console. At most one per stage in <see cref="Configuration.SchedulerOptions.ProgressInterval"/>, and one when it ends.
/// </summary>
/// <param name="Job">The oldest job that needs the stage.</param>
/// <param name="DoneCount">Partitions that are done.</param>
/// <param name="RunningCount">Attempts on workers, running or queued there.</param>
/// <param name="FailedCount">Attempts that failed, of this run of the stage.</param>
/// <param name="TotalCount">Partitions that this run of the stage has to compute: of a map stage only those whose outputs were missing.</param>
/// <param name="IsEnded">No more progress of this run follows.</param>
public sealed record StageProgress(
    JobId Job, StageInfo Stage, int StageAttempt, int DoneCount, int RunningCount, int FailedCount, int TotalCount, bool IsEnded) : SchedulerAction;

/// <summary>A job makes no progress. Repeated at the same interval while that lasts.</summary>
/// <param name="Reason">What it waits for; full sentences.</param>
/// <param name="Since">How long it has waited.</param>
public sealed record JobWaiting(JobId Job, string Reason, TimeSpan Since) : SchedulerAction;

/// <summary>Something that the user should know and that no job fails of: log it, and note it with the jobs.</summary>
/// <param name="Jobs">The jobs that it concerns; may be empty.</param>
/// <param name="Text">Full sentences.</param>
public sealed record Notice(IReadOnlyList<JobId> Jobs, string Text) : SchedulerAction;

/// <summary>No running job needs a stage any more: its serialized program can go.</summary>
public sealed record ReleaseStage(StageInfo Stage) : SchedulerAction;

/// <summary>No job will read a shuffle any more: its files can go, on every worker.</summary>
public sealed record ReleaseShuffle(ShuffleId Shuffle) : SchedulerAction;

/// <summary>
/// Have the last worker start another process beside itself, which joins with <see cref="WorkerJoined.IsStandIn"/>. If it cannot, answer with <see cref="StandInRefused"/>.
/// </summary>
public sealed record StartStandIn(WorkerId Worker) : SchedulerAction;

/// <summary>Send <see cref="Tick"/> then. Replaces the time asked for before.</summary>
/// <param name="Delay">From now; never negative.</param>
public sealed record WakeAt(TimeSpan Delay) : SchedulerAction;
