namespace Dpark.Configuration;

/// <summary>When the driver's scheduler retries, waits and gives up. Bound from <c>Dpark:Scheduler</c>.</summary>
public sealed class SchedulerOptions
{
    /// <summary>Failures of one task, on any workers, that fail the job. From 1 to 1000. Default: 4.</summary>
    public int MaxTaskFailures { get; set; } = 4;

    /// <summary>
    /// Unreadable map outputs of one worker in a row, met by one task or by one stage without progress between them, that fail the job. From 1 to 1000.
    /// Default: 4.
    /// </summary>
    public int MaxConsecutiveStageAttempts { get; set; } = 4;

    /// <summary>Workers that died while they ran one task, without a success of it between, that fail the job. From 1 to 1000. Default: 3.</summary>
    /// <remarks>A task that kills its worker would otherwise take the whole cluster, one worker after the other.</remarks>
    public int MaxWorkerLosses { get; set; } = 3;

    /// <summary>
    /// Whether a task under which two workers have died is kept from the last one that is left: it is tried in a process that this one starts beside itself, and the job
    /// fails if that dies, too, or cannot be started. Default: <see langword="true"/>.
    /// </summary>
    public bool SpareLastWorker { get; set; } = true;

    /// <summary>Times that a stage's program and broadcasts are stored again in a row before the job fails. From 0 to 1000. Default: 3.</summary>
    public int MaxProgramRestores { get; set; } = 3;

    /// <summary>Times in a row that one task could not be given to a worker before the job fails. From 1 to 10,000. Default: 20.</summary>
    public int MaxLaunchFailures { get; set; } = 20;

    /// <summary>
    /// First time for which a worker gets no tasks after it did not take one; doubled by each further time. From 1 ms to 1 minute. Default: 100 ms.
    /// </summary>
    public TimeSpan LaunchBackoff { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest such time. From <see cref="LaunchBackoff"/> to 1 hour. Default: 10 s.</summary>
    public TimeSpan MaxLaunchBackoff { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a failed task waits for a worker on which it has not failed before any worker may take it. From 0 to 1 hour. Default: 3 s.
    /// </summary>
    public TimeSpan RetryElsewhereWait { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Most tasks that wait on a worker beside those that run, per slot. 0 turns waiting on workers off, also that for the last maps of a stage before. From 0 to 10,000. Default: 64.</summary>
    public int PrefetchPerSlot { get; set; } = 64;

    /// <summary>
    /// Work that may wait on a worker, as time of one slot: short tasks are sent ahead until they fill it, tasks that last longer are never sent ahead.
    /// From 0 to 1 minute. Default: 50 ms.
    /// </summary>
    public TimeSpan PrefetchTime { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a job may make no progress before the driver says what it waits for. From 1 s to 1 hour. Default: 15 s.</summary>
    public TimeSpan WaitingReportAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long a job may wait for something that no running task will bring, such as a worker, a slot, or an answer of the cluster, before it fails with that as
    /// the reason. Waiting for other jobs does not count. From 0, which means no limit, to 24 hours. Default: 10 minutes.
    /// </summary>
    public TimeSpan WaitingLimit { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Least time between two progress reports of a stage. From 0 to 1 minute. Default: 100 ms.</summary>
    public TimeSpan ProgressInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Which job gets free slots: the oldest one first, or each pool its share. Default: <c>Fifo</c>.</summary>
    public SchedulingMode Mode { get; set; } = SchedulingMode.Fifo;

    /// <summary>
    /// Pools that are not as the rest, each with <c>Name</c>, <c>Weight</c>, <c>MinShare</c> and <c>Mode</c>; they count with the mode <c>Fair</c> only.
    /// Default: none, so every pool has weight 1 and no least share.
    /// </summary>
    public IList<PoolOptions> Pools { get; } = [];

    /// <summary>
    /// How long tasks wait for a slot near their data before a slot farther away is taken, per step: worker, machine, any. 0 takes any slot at once.
    /// From 0 to 1 hour. Default: 3 s.
    /// </summary>
    public TimeSpan LocalityWait { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>The wait for a slot of the very worker that has the data. From 0 to 1 hour. Default: none, which means <see cref="LocalityWait"/>.</summary>
    public TimeSpan? LocalityWaitWorker { get; set; }

    /// <summary>The wait for a slot on the machine that has the data. From 0 to 1 hour. Default: none, which means <see cref="LocalityWait"/>.</summary>
    public TimeSpan? LocalityWaitHost { get; set; }

    /// <summary>Whether a second attempt of a task that lasts much longer than the others is started on another worker. Default: <see langword="false"/>.</summary>
    public bool Speculation { get; set; }

    /// <summary>Time between two looks for such tasks. From 10 ms to 1 hour. Default: 100 ms.</summary>
    public TimeSpan SpeculationInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Share of a stage's tasks that must be done before others can be late. From 0 to 1. Default: 0.9.</summary>
    public double SpeculationQuantile { get; set; } = 0.9;

    /// <summary>A task is late when it runs for so many times the median of those that are done. From 1 to 1000. Default: 3.</summary>
    public double SpeculationMultiplier { get; set; } = 3;

    /// <summary>No task is late before it has run so long. From 0 to 1 hour. Default: 100 ms.</summary>
    public TimeSpan SpeculationMinRunTime { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Whether a worker on which tasks fail gets none for a while. The last worker is never left out. Default: <see langword="true"/>.</summary>
    public bool ExcludeOnFailure { get; set; } = true;

    /// <summary>Different tasks of one stage that fail on a worker before it gets no more of that stage. From 1 to 1000. Default: 2.</summary>
    public int MaxStageFailuresPerWorker { get; set; } = 2;

    /// <summary>
    /// Tasks that fail on a worker, in stages that succeed elsewhere and within <see cref="ExcludeTime"/>, before it gets no more tasks of the application.
    /// From 1 to 1000. Default: 2.
    /// </summary>
    public int MaxFailuresPerWorker { get; set; } = 2;

    /// <summary>How long a worker is left out. From 1 s to 24 hours. Default: 10 minutes.</summary>
    public TimeSpan ExcludeTime { get; set; } = TimeSpan.FromMinutes(10);
}
