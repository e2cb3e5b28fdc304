namespace Dpark.Configuration;

/// <summary>When the driver's scheduler retries, waits and gives up. Bound from <c>Dpark:Scheduler</c>.</summary>
public sealed class SchedulerOptions
{
    /// <summary>Failures of one task, on any workers, that fail the job. From 1 to 1000. Default: 4.</summary>
    public int MaxTaskFailures { get; set; } = 4;

    /// <summary>
    /// Unreadable map outputs in a row, met by one task or by one stage without progress between them, that fail the job. From 1 to 1000. Default: 4.
    /// </summary>
    public int MaxConsecutiveStageAttempts { get; set; } = 4;

    /// <summary>Workers lost in a row under one task that fail the job. From 1 to 1000. Default: 4.</summary>
    /// <remarks>A task that kills its worker would otherwise take the whole cluster, one worker after the other.</remarks>
    public int MaxWorkerLosses { get; set; } = 4;

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

    /// <summary>Most tasks that wait on a worker beside those that run, per slot. 0 turns waiting on workers off. From 0 to 10,000. Default: 64.</summary>
    public int PrefetchPerSlot { get; set; } = 64;

    /// <summary>
    /// Work that may wait on a worker, as time of one slot: short tasks are sent ahead until they fill it, tasks that last longer are never sent ahead.
    /// From 0 to 1 minute. Default: 50 ms.
    /// </summary>
    public TimeSpan PrefetchTime { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long a job may make no progress before the driver says what it waits for. From 1 s to 1 hour. Default: 15 s.</summary>
    public TimeSpan WaitingReportAfter { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Least time between two progress reports of a stage. From 0 to 1 minute. Default: 100 ms.</summary>
    public TimeSpan ProgressInterval { get; set; } = TimeSpan.FromMilliseconds(100);
}
