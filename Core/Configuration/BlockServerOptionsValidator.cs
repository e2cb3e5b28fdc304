using System.Net;
using Dpark.Storage.Transfer;
using Microsoft.Extensions.Options;

namespace Dpark.Configuration;

/// <summary>Checks <see cref="BlockServerOptions"/> at start, all at once. Thread-safe.</summary>
public sealed class BlockServerOptionsValidator : IValidateOptions<BlockServerOptions>
{
    private const int MaxConnections = 1_000_000;

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, BlockServerOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var failures = new OptionFailures("Dpark:BlockServer");
        if (string.IsNullOrWhiteSpace(options.ListenHost))
        {
            failures.Add(nameof(options.ListenHost), "empty", "an address or host name of this machine", "the server must know where to listen");
        }

        failures.CheckRange(nameof(options.Port), options.Port, IPEndPoint.MinPort, IPEndPoint.MaxPort, "it is a TCP port");
        if (options.AdvertisedHost is not null && string.IsNullOrWhiteSpace(options.AdvertisedHost))
        {
            failures.Add(nameof(options.AdvertisedHost), "empty", "a host name or address, or leave it out", "others must be able to connect to it");
        }
        else if (options.AdvertisedHost is null && BlockEndpoint.TryParseAddress(options.ListenHost, out var address) && IsAny(address))
        {
            failures.Add(
                nameof(options.AdvertisedHost), "not set", "a host name or address", $"others cannot connect to {options.ListenHost}, which stands for all addresses");
        }

        failures.CheckRange(nameof(options.MaxConnections), options.MaxConnections, 1, MaxConnections, "each connection is an open file");
        failures.CheckRange(
            nameof(options.PeerTimeout), options.PeerTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), "a peer that hangs must not keep its connection");
        failures.CheckRange(
            nameof(options.IdleTimeout), options.IdleTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(24), "a peer that is gone must not keep its connection");
        return failures.Result;
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
