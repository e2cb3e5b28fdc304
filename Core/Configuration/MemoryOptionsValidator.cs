using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="MemoryOptions"/> at start, all at once. Thread-safe.</summary>
public sealed class MemoryOptionsValidator : IValidateOptions<MemoryOptions>
{
    private const long MinBudgetBytes = 1 << 20;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, MemoryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:Memory");
        failures.CheckRange(nameof(options.BudgetBytes), options.BudgetBytes, MinBudgetBytes, long.MaxValue, "a task holds at least some batches");
        failures.CheckRange(nameof(options.ProtectedCacheShare), options.ProtectedCacheShare, 0, 1, "it is a share of the budget");
        failures.CheckRange(nameof(options.WaitLimit), options.WaitLimit, TimeSpan.Zero, TimeSpan.FromHours(1), "a task that waits makes no progress");
        return failures.Result;
    }
}
