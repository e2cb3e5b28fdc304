using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="PartitioningOptions"/> at start, all at once. Thread-safe.</summary>
public sealed class PartitioningOptionsValidator : IValidateOptions<PartitioningOptions>
{
    private const long LeastBytes = 1 << 10;
    private const long MostBytes = 1L << 40;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, PartitioningOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:Partitioning");
        failures.CheckRange(nameof(options.PartitionBytes), options.PartitionBytes, LeastBytes, MostBytes, "each partition is a task, and its data has to fit on a worker");
        failures.CheckRange(nameof(options.MinPartitionBytes), options.MinPartitionBytes, 1, MostBytes, "it is a number of bytes");
        failures.CheckRange(nameof(options.SkewFactor), options.SkewFactor, 1, 1_000, "a partition that is no larger than half of them is not too large");
        failures.CheckRange(nameof(options.SkewBytes), options.SkewBytes, LeastBytes, MostBytes, "each part of a partition is a task");
        return failures.Result;
    }
}
