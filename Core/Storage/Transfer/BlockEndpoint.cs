using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Dpark.Storage.Transfer;

/// <summary>Host and port of a block server as text: <c>127.0.0.1:40123</c>, <c>[::1]:40123</c>, <c>worker-7:40123</c>.</summary>
internal static class BlockEndpoint
{
    private const string Loopback = "127.0.0.1";

    /// <summary>As <see cref="IPAddress.TryParse(string, out IPAddress)"/>, without compiling the framework's parser for the address that is the default.</summary>
    public static bool TryParseAddress(string host, [NotNullWhen(true)] out IPAddress? address)
    {
        address = host == Loopback ? IPAddress.Loopback : null;
        return address is not null || IPAddress.TryParse(host, out address);
    }

    /// <summary>Writes an endpoint.</summary>
    /// <param name="host">Name or address, without brackets.</param>
    public static string Format(string host, int port) => TryParseAddress(host, out var address) && address.AddressFamily == AddressFamily.InterNetworkV6
        ? string.Create(CultureInfo.InvariantCulture, $"[{host}]:{port}")
        : string.Create(CultureInfo.InvariantCulture, $"{host}:{port}");

    /// <summary>Reads an endpoint.</summary>
    /// <exception cref="IOException">It is none.</exception>
    public static EndPoint Parse(string endpoint)
    {
        var colon = endpoint.LastIndexOf(':');
        if (colon > 0 && int.TryParse(endpoint.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) &&
            port is > 0 and <= IPEndPoint.MaxPort)
        {
            var host = endpoint[..colon];
            if (host.StartsWith('[') && host.EndsWith(']'))
            {
                host = host[1..^1];
            }

            return TryParseAddress(host, out var address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port);
        }

        throw new IOException($"'{endpoint}' is no address of a block server. It needs a host and a port, such as 127.0.0.1:40123 or [::1]:40123.");
    }

    /// <summary>Makes a socket that can connect to an endpoint.</summary>
    public static Socket NewSocket(EndPoint endpoint) => endpoint is IPEndPoint address
        ? new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
        : new Socket(SocketType.Stream, ProtocolType.Tcp);
}
