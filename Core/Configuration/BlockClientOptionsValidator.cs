using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="BlockClientOptions"/> at start, all at once. Thread-safe.</summary>
public sealed class BlockClientOptionsValidator : IValidateOptions<BlockClientOptions>
{
    private const int MaxAttempts = 100;
    private const int MaxIdle = 1024;

    private static readonly TimeSpan MinTimeout = TimeSpan.FromMilliseconds(100);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, BlockClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:BlockClient");
        failures.CheckRange(nameof(options.ConnectTimeout), options.ConnectTimeout, MinTimeout, TimeSpan.FromMinutes(10), "a server that cannot be reached must be given up");
        failures.CheckRange(nameof(options.PeerTimeout), options.PeerTimeout, MinTimeout, TimeSpan.FromHours(1), "a server that is silent must be given up");
        failures.CheckRange(nameof(options.MaxAttempts), options.MaxAttempts, 1, MaxAttempts, "a request must fail some time");
        failures.CheckRange(nameof(options.RetryDelay), options.RetryDelay, TimeSpan.Zero, TimeSpan.FromMinutes(1), "a task that waits makes no progress");
        failures.CheckRange(nameof(options.MaxIdleConnections), options.MaxIdleConnections, 0, MaxIdle, "each takes a handle");
        failures.CheckRange(nameof(options.IdleTimeout), options.IdleTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(24), "a connection that is not used must be closed some time");
        return failures.Result;
    }
}
