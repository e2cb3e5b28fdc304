using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="DparkClientOptions"/> with all its areas at start, all at once. Thread-safe.</summary>
public sealed class DparkClientOptionsValidator : IValidateOptions<DparkClientOptions>
{
    private const int MaxNameLength = 200;
    private const int MaxParallelism = 1_000_000;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, DparkClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:Client");
        if (options.ApplicationName is not { Length: > 0 and <= MaxNameLength } || options.ApplicationName.Any(char.IsControl))
        {
            failures.Add(
                nameof(options.ApplicationName), $"'{options.ApplicationName}'", $"1 to {MaxNameLength} characters without control characters", "people find the application by it");
        }

        failures.CheckRange(nameof(options.DefaultParallelism), options.DefaultParallelism ?? 1, 1, MaxParallelism, "each partition is a task");
        failures.CheckRange(nameof(options.Lease), options.Lease, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), "what a dead driver leaves behind must go some time");
        failures.CheckRange(nameof(options.MaxResultBytes), options.MaxResultBytes, 0, long.MaxValue, "it is a number of bytes, or 0 for no limit");
        failures.CheckRange(nameof(options.CollectAfterShuffleBytes), options.CollectAfterShuffleBytes, 0, long.MaxValue, "it is a number of bytes, or 0 for never");
        var closures = new OptionFailures("Dpark:Closures");
        closures.CheckRange(
            nameof(options.Closures.MaxInlineCaptureBytes), options.Closures.MaxInlineCaptureBytes, 0, int.MaxValue, "it is a number of bytes");
        return Join(
        [
            failures.Result,
            new SchedulerOptionsValidator().Validate(null, options.Scheduler),
            new PartitioningOptionsValidator().Validate(null, options.Partitioning),
            closures.Result,
            new BlockClientOptionsValidator().Validate(null, options.BlockClient),
        ]);
    }

    private static ValidateOptionsResult Join(IReadOnlyList<ValidateOptionsResult> results)
    {
        string[] failures = [.. results.Where(result => result.Failed).SelectMany(result => result.Failures!)];
        return failures.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
