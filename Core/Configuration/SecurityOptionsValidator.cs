using System.Globalization;
using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="SecurityOptions"/> at start. Failures never show the secret. Thread-safe.</summary>
public sealed class SecurityOptionsValidator : IValidateOptions<SecurityOptions>
{
    private const int MinSecretLength = 16;
    private const int MaxSecretLength = 1024;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, SecurityOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:Security");
        if (options.ClusterSecret.Length is > 0 and (< MinSecretLength or > MaxSecretLength))
        {
            failures.Add(
                nameof(options.ClusterSecret),
                string.Create(CultureInfo.InvariantCulture, $"{options.ClusterSecret.Length} characters long"),
                string.Create(CultureInfo.InvariantCulture, $"from {MinSecretLength} to {MaxSecretLength} random characters"),
                "a shorter one can be guessed");
        }

        return failures.Result;
    }
}
