using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="CacheOptions"/> at start, all at once. Thread-safe.</summary>
public sealed class CacheOptionsValidator : IValidateOptions<CacheOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, CacheOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:Cache");
        failures.CheckRange(nameof(options.MaxBytes), options.MaxBytes, 0, long.MaxValue, "it is a number of bytes");
        return failures.Result;
    }
}
