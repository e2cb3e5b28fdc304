using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="BlockClientOptions"/> at start, all at once. Thread-safe.</summary>
public sealed class BlockClientOptionsValidator : IValidateOptions<BlockClientOptions>
{
    private const int MaxAttempts = 100;
    private const int MaxIdleConnections = 1024;

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, BlockClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:BlockClient");
        failures.CheckRange(
            nameof(options.ConnectTimeout), options.ConnectTimeout, Shortest, TimeSpan.FromMinutes(10), "a worker that cannot be reached must be noticed");
        failures.CheckRange(nameof(options.PeerTimeout), options.PeerTimeout, Shortest, TimeSpan.FromHours(1), "a worker that hangs must be noticed");
        failures.CheckRange(nameof(options.MaxAttempts), options.MaxAttempts, 1, MaxAttempts, "a request must fail some time");
        failures.CheckRange(nameof(options.RetryDelay), options.RetryDelay, TimeSpan.Zero, TimeSpan.FromMinutes(1), "each further pause is twice as long");
        failures.CheckRange(
            nameof(options.MaxIdleConnections), options.MaxIdleConnections, 0, MaxIdleConnections, "each connection is an open file on both sides");
        failures.CheckRange(
            nameof(options.IdleTimeout), options.IdleTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(24), "a connection that nobody uses must end");
        return failures.Result;
    }
}
