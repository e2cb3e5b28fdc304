using System.Buffers;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Dpark.Clusters;

/// <summary>A host and a port as a person writes them, such as <c>silo-1:30000</c> or <c>[::1]:30000</c>.</summary>
/// <param name="Host">Name or address, without brackets.</param>
/// <param name="Port">From 1 to 65535.</param>
internal readonly record struct ClusterEndpoint(string Host, int Port)
{
    /// <summary>What is right, for messages about what is not.</summary>
    public const string Form = "HOST:PORT, with a port from 1 to 65535";

    private static readonly SearchValues<char> s_separators = SearchValues.Create(": \t[]/");

    /// <summary>Reads one endpoint.</summary>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(string? text, out ClusterEndpoint endpoint)
    {
        endpoint = default;
        var colon = text?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !TryParseHost(text![..colon], out var host)
            || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port)
            || port is < 1 or > IPEndPoint.MaxPort)
        {
            return false;
        }

        endpoint = new(host, port);
        return true;
    }

    /// <summary>Finds the address of the host; an IPv4 one if it has several.</summary>
    /// <exception cref="SocketException">The name is not known, or has no address.</exception>
    public async Task<IPEndPoint> ResolveAsync(CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(Host, out var address))
        {
            return new(address, Port);
        }

        var addresses = await Dns.GetHostAddressesAsync(Host, cancellationToken).ConfigureAwait(false);
        return addresses.OrderBy(found => found.AddressFamily != AddressFamily.InterNetwork).FirstOrDefault() is { } best
            ? new(best, Port)
            : throw new SocketException((int)SocketError.HostNotFound);
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    // A colon in a host is an IPv6 address, which has brackets here, or a mistake.
    private static bool TryParseHost(string text, out string host)
    {
        var hasBrackets = text is ['[', .., ']'];
        host = hasBrackets ? text[1..^1] : text;
        return hasBrackets ? IPAddress.TryParse(host, out _) : host.Length > 0 && !host.AsSpan().ContainsAny(s_separators);
    }
}
