using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Scheduling;

/// <summary>
/// Something that happened, told to <see cref="JobScheduler.Apply"/>. Events may come late, twice, and in any order that a network can make of them.
/// </summary>
public abstract record SchedulerEvent;

/// <summary>A job begins.</summary>
/// <param name="Job">Never given before.</param>
/// <param name="FinalStage">A stage of its own, without a shuffle.</param>
/// <param name="Partitions">
/// Partitions of <paramref name="FinalStage"/> in the order in which the caller takes them, without repetition. Empty: the job is complete at once.
/// </param>
public sealed record JobSubmitted(JobId Job, StageInfo FinalStage, IReadOnlyList<int> Partitions, JobOptions Options) : SchedulerEvent;

/// <summary>
/// The caller no longer wants a job. Unknown and finished jobs are ignored. No action tells its end; the next decision may still hold results of it,
/// or its end, that came before the cancellation.
/// </summary>
public sealed record JobCancelled(JobId Job) : SchedulerEvent;

/// <summary>
/// The caller took the result at a position, and all before it. Makes room where <see cref="JobOptions.MaxConcurrentPartitions"/> limits a job.
/// </summary>
/// <param name="Position">Index into <see cref="JobSubmitted.Partitions"/>.</param>
public sealed record ResultTaken(JobId Job, int Position) : SchedulerEvent;

/// <summary>The program of a stage is stored where workers find it: answers <see cref="StartStage"/>. No task of the stage is launched before.</summary>
public sealed record StageReady(int StageId) : SchedulerEvent;

/// <summary>The program of a stage could not be serialized or stored: answers <see cref="StartStage"/>. Every job that needs the stage fails.</summary>
/// <param name="Reason">Why, for the message; ends with a full stop.</param>
/// <param name="Failure">The exception, if there was one.</param>
public sealed record StageNotReady(int StageId, string Reason, TaskFailure? Failure) : SchedulerEvent;

/// <summary>
/// An attempt ended, as collected from the outbox of <paramref name="Worker"/>. Ignored if the attempt is not one that the scheduler waits for there.
/// </summary>
public sealed record TaskReported(WorkerId Worker, TaskReport Report) : SchedulerEvent;

/// <summary>A <see cref="LaunchTasks"/> did not end well; whether the worker runs the attempts is not known.</summary>
/// <param name="Reason">Why, for the message that the user reads; ends with a full stop.</param>
public sealed record LaunchFailed(WorkerId Worker, IReadOnlyList<TaskAttemptId> Attempts, string Reason) : SchedulerEvent;

/// <summary>A worker can take tasks, or its number of slots changed. A known worker keeps what it runs.</summary>
/// <param name="Host">Compared with <see cref="StageInfo.PreferredLocations"/>, ignoring case.</param>
/// <param name="SlotCount">Tasks it runs at once. 0: it gets no new tasks, but keeps its tasks and map outputs.</param>
public sealed record WorkerJoined(WorkerId Worker, string Host, int SlotCount) : SchedulerEvent
{
    /// <summary>Memory of its process; 0 if that is not known. A task that had too little is tried where there is more.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>It was started by <see cref="StartStandIn"/>, of this driver or of another one. It gets only tasks that are kept from the last worker.</summary>
    public bool IsStandIn { get; init; }
}

/// <summary>A worker cannot do what <see cref="StartStandIn"/> asks for. Every job whose task is kept from the last worker fails. Where it can, <see cref="WorkerJoined"/> is the answer.</summary>
/// <param name="Reason">Why, for the message; ends with a full stop.</param>
public sealed record StandInRefused(WorkerId Worker, string Reason) : SchedulerEvent;

/// <summary>A worker that is not lost has not answered the driver for a while. What it runs is still waited for; users are told.</summary>
/// <param name="Reason">Since when and why, for the message; ends with a full stop.</param>
public sealed record WorkerSilent(WorkerId Worker, string Reason) : SchedulerEvent;

/// <summary>A silent worker has answered.</summary>
public sealed record WorkerHeard(WorkerId Worker) : SchedulerEvent;

/// <summary>A worker is gone with everything it ran and stored. What it reported and is not applied yet is void. Unknown workers are ignored.</summary>
/// <param name="Reason">Why, for the message; ends with a full stop.</param>
public sealed record WorkerLost(WorkerId Worker, string Reason) : SchedulerEvent;

/// <summary>No further job will read a shuffle. It is released when the last job that reads it ends; at once if none does.</summary>
public sealed record ShuffleUnneeded(ShuffleId Shuffle) : SchedulerEvent;

/// <summary>The registry of map outputs lost its state: every remembered output is registered again.</summary>
public sealed record RegistryLost : SchedulerEvent;

/// <summary>The time of the last <see cref="WakeAt"/> has come. More ticks do no harm.</summary>
public sealed record Tick : SchedulerEvent;
