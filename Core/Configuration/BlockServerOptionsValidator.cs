using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="BlockServerOptions"/> at start, all at once. Thread-safe.</summary>
public sealed class BlockServerOptionsValidator : IValidateOptions<BlockServerOptions>
{
    private const int MaxPort = 65_535;
    private const int MaxConnections = 1_000_000;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, BlockServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:BlockServer");
        if (string.IsNullOrWhiteSpace(options.ListenHost))
        {
            failures.Add(nameof(options.ListenHost), "empty", "an address or a host name", "the server must know where to listen");
        }

        if (options.AdvertisedHost is not null && string.IsNullOrWhiteSpace(options.AdvertisedHost))
        {
            failures.Add(nameof(options.AdvertisedHost), "empty", "a host name or an address, or none", "others must reach the server by it");
        }

        failures.CheckRange(nameof(options.Port), options.Port, 0, MaxPort, "it is a TCP port");
        failures.CheckRange(nameof(options.MaxConnections), options.MaxConnections, 1, MaxConnections, "each takes a handle and memory");
        failures.CheckRange(nameof(options.PeerTimeout), options.PeerTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), "a peer that is silent must not hold a connection for ever");
        failures.CheckRange(nameof(options.IdleTimeout), options.IdleTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(24), "a connection that is not used must be closed some time");
        return failures.Result;
    }
}
