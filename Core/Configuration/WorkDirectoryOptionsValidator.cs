using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>
/// Checks <see cref="WorkDirectoryOptions"/> at start, all at once; whether the roots can be used is found out when they are. Thread-safe.
/// </summary>
public sealed class WorkDirectoryOptionsValidator : IValidateOptions<WorkDirectoryOptions>
{
    private const int MaxAttempts = 1000;

    private static readonly TimeSpan LeastAge = TimeSpan.FromDays(1);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, WorkDirectoryOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:WorkDirectory");
        for (var i = 0; i < options.Roots.Count; i++)
        {
            foreach (var root in options.Roots[i].Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (!Path.IsPathFullyQualified(root))
                {
                    failures.Add(
                        $"{nameof(options.Roots)}:{i}", $"'{root}'", "an absolute path", "processes of one run may have different current directories");
                }
            }
        }

        if (options.LeftoverAge != TimeSpan.Zero && options.LeftoverAge < LeastAge)
        {
            failures.Add(nameof(options.LeftoverAge), $"{options.LeftoverAge}", $"0, or at least {LeastAge}", "a process that is held up for a while must not lose its files");
        }

        failures.CheckRange(nameof(options.MaxBytesPerRoot), options.MaxBytesPerRoot, 0, long.MaxValue, "0 means no limit");
        failures.CheckRange(nameof(options.MaxCleanUpAttempts), options.MaxCleanUpAttempts, 1, MaxAttempts, "what still writes must get time to end");
        return failures.Result;
    }
}
