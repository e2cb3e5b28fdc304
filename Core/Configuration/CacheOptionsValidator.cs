using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="CacheOptions"/> at start. Thread-safe.</summary>
public sealed class CacheOptionsValidator : IValidateOptions<CacheOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, CacheOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:Cache");
        failures.CheckRange(nameof(options.MaxBytes), options.MaxBytes, 0, long.MaxValue, "0 keeps nothing");
        return failures.Result;
    }
}
