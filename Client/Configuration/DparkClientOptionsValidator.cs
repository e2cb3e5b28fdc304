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
        CheckBlockClient(options.BlockClient, out var blockClient);
        var closures = new OptionFailures("Dpark:Closures");
        closures.CheckRange(
            nameof(options.Closures.MaxInlineCaptureBytes), options.Closures.MaxInlineCaptureBytes, 0, int.MaxValue, "it is a number of bytes");
        return Join([failures.Result, new SchedulerOptionsValidator().Validate(null, options.Scheduler), closures.Result, blockClient]);
    }

    private static void CheckBlockClient(BlockClientOptions options, out ValidateOptionsResult result)
    {
        var failures = new OptionFailures("Dpark:BlockClient");
        failures.CheckRange(
            nameof(options.ConnectTimeout), options.ConnectTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(10), "a worker that is gone must be noticed");
        failures.CheckRange(
            nameof(options.PeerTimeout), options.PeerTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1), "a worker that is gone must be noticed");
        failures.CheckRange(nameof(options.MaxAttempts), options.MaxAttempts, 1, 100, "a request must end some time");
        failures.CheckRange(nameof(options.RetryDelay), options.RetryDelay, TimeSpan.Zero, TimeSpan.FromMinutes(1), "each further pause is twice as long");
        failures.CheckRange(nameof(options.MaxIdleConnections), options.MaxIdleConnections, 0, 1024, "each takes a handle here and on the worker");
        failures.CheckRange(
            nameof(options.IdleTimeout), options.IdleTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(24), "the worker closes connections that are not used");
        result = failures.Result;
    }

    private static ValidateOptionsResult Join(IReadOnlyList<ValidateOptionsResult> results)
    {
        string[] failures = [.. results.Where(result => result.Failed).SelectMany(result => result.Failures!)];
        return failures.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
    }
}
