using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="SchedulerOptions"/> at start, all at once. Thread-safe.</summary>
public sealed class SchedulerOptionsValidator : IValidateOptions<SchedulerOptions>
{
    private const int MaxFailures = 1000;
    private const int MaxLaunches = 10_000;
    private const int MaxPrefetch = 10_000;
    private const int MaxShare = 1_000_000;
    private const int MaxNameLength = 200;

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
        failures.CheckRange(nameof(options.WaitingLimit), options.WaitingLimit, TimeSpan.Zero, TimeSpan.FromDays(1), "it is a time, or 0 for no limit");
        failures.CheckRange(nameof(options.ProgressInterval), options.ProgressInterval, TimeSpan.Zero, Minute, "a progress line that is older misleads");
        CheckPlacement(failures, options);
        CheckSpeculation(failures, options);
        CheckExclusion(failures, options);
        return failures.Result;
    }

    private static void CheckPlacement(OptionFailures failures, SchedulerOptions options)
    {
        const string WaitReason = "slots that wait for tasks do nothing";
        failures.CheckRange(nameof(options.LocalityWait), options.LocalityWait, TimeSpan.Zero, Hour, WaitReason);
        failures.CheckRange(nameof(options.LocalityWaitWorker), options.LocalityWaitWorker ?? TimeSpan.Zero, TimeSpan.Zero, Hour, WaitReason);
        failures.CheckRange(nameof(options.LocalityWaitHost), options.LocalityWaitHost ?? TimeSpan.Zero, TimeSpan.Zero, Hour, WaitReason);
        HashSet<string> names = new(StringComparer.Ordinal);
        for (var i = 0; i < options.Pools.Count; i++)
        {
            var pool = options.Pools[i];
            if (pool.Name is not { Length: > 0 and <= MaxNameLength } || !names.Add(pool.Name))
            {
                failures.Add($"Pools:{i}:Name", $"'{pool.Name}'", $"1 to {MaxNameLength} characters that no other pool has", "jobs name their pool by it");
            }

            failures.CheckRange($"Pools:{i}:Weight", pool.Weight, 1, MaxShare, "a pool without a share would never run");
            failures.CheckRange($"Pools:{i}:MinShare", pool.MinShare, 0, MaxShare, "it is a number of slots");
        }
    }

    private static void CheckSpeculation(OptionFailures failures, SchedulerOptions options)
    {
        failures.CheckRange(
            nameof(options.SpeculationInterval), options.SpeculationInterval, TimeSpan.FromMilliseconds(10), Hour, "all running tasks are looked at each time");
        failures.CheckRange(nameof(options.SpeculationQuantile), options.SpeculationQuantile, 0, 1, "it is a share of the tasks");
        failures.CheckRange(nameof(options.SpeculationMultiplier), options.SpeculationMultiplier, 1, MaxFailures, "half of all tasks are slower than the median");
        failures.CheckRange(nameof(options.SpeculationMinRunTime), options.SpeculationMinRunTime, TimeSpan.Zero, Hour, "a second attempt costs a slot");
    }

    private static void CheckExclusion(OptionFailures failures, SchedulerOptions options)
    {
        failures.CheckRange(nameof(options.MaxStageFailuresPerWorker), options.MaxStageFailuresPerWorker, 1, MaxFailures, "a worker that never fails is not left out");
        failures.CheckRange(nameof(options.MaxFailuresPerWorker), options.MaxFailuresPerWorker, 1, MaxFailures, "a worker that never fails is not left out");
        failures.CheckRange(nameof(options.ExcludeTime), options.ExcludeTime, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1), "a worker is left out for a while only");
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
