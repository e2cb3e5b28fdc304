using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="SchedulerOptions"/> at start, all at once. Thread-safe.</summary>
public sealed class SchedulerOptionsValidator : IValidateOptions<SchedulerOptions>
{
    private const int MaxFailures = 1000;
    private const int MaxLaunches = 10_000;
    private const int MaxPrefetch = 10_000;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, SchedulerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:Scheduler");
        failures.CheckRange(nameof(options.MaxTaskFailures), options.MaxTaskFailures, 1, MaxFailures, "a job must fail some time");
        failures.CheckRange(
            nameof(options.MaxConsecutiveStageAttempts), options.MaxConsecutiveStageAttempts, 1, MaxFailures, "a job must fail some time");
        failures.CheckRange(nameof(options.MaxWorkerLosses), options.MaxWorkerLosses, 1, MaxFailures, "one task must not take all workers");
        failures.CheckRange(nameof(options.MaxProgramRestores), options.MaxProgramRestores, 0, MaxFailures, "a job must fail some time");
        failures.CheckRange(nameof(options.MaxLaunchFailures), options.MaxLaunchFailures, 1, MaxLaunches, "a job must fail some time");
        failures.CheckRange(
            nameof(options.LaunchBackoff), options.LaunchBackoff, TimeSpan.FromMilliseconds(1), Minute, "a worker that takes no tasks must not be asked all the time");
        failures.CheckRange(
            nameof(options.MaxLaunchBackoff), options.MaxLaunchBackoff, Longer(options.LaunchBackoff, TimeSpan.Zero), Hour, "it grows from LaunchBackoff up to this");
        failures.CheckRange(nameof(options.RetryElsewhereWait), options.RetryElsewhereWait, TimeSpan.Zero, Hour, "a task that waits makes no progress");
        failures.CheckRange(nameof(options.PrefetchPerSlot), options.PrefetchPerSlot, 0, MaxPrefetch, "tasks that wait on one worker cannot run on another");
        failures.CheckRange(nameof(options.PrefetchTime), options.PrefetchTime, TimeSpan.Zero, Minute, "tasks that wait on one worker cannot run on another");
        failures.CheckRange(
            nameof(options.WaitingReportAfter), options.WaitingReportAfter, TimeSpan.FromSeconds(1), Hour, "a job that waits must say so, but not all the time");
        failures.CheckRange(nameof(options.ProgressInterval), options.ProgressInterval, TimeSpan.Zero, Minute, "a progress line that is older misleads");
        return failures.Result;
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
