using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="RegistrationOptions"/> at start, all at once. Thread-safe.</summary>
public sealed class RegistrationOptionsValidator : IValidateOptions<RegistrationOptions>
{
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, RegistrationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:Registration");
        failures.CheckRange(nameof(options.Interval), options.Interval, MinInterval, TimeSpan.FromMinutes(1), "the master must know its workers soon after it has moved");
        failures.CheckRange(
            nameof(options.ApplicationCheckInterval),
            options.ApplicationCheckInterval,
            TimeSpan.FromSeconds(1),
            TimeSpan.FromHours(1),
            "what ended applications left behind must go");
        failures.CheckRange(nameof(options.MemoryBytes), options.MemoryBytes, 0, long.MaxValue, "it is a number of bytes");
        return failures.Result;
    }
}
