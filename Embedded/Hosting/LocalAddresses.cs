using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

namespace Orleans.Hosting;

/// <summary>Addresses of this machine.</summary>
internal static class LocalAddresses
{
    /// <summary>The first address of a host name of that family, or null.</summary>
    public static IPAddress? Resolve(string hostName, AddressFamily family)
    {
        if (IPAddress.TryParse(hostName, out var literal))
        {
            return literal.AddressFamily == family ? literal : null;
        }

        try
        {
            return Array.Find(Dns.GetHostAddresses(hostName), address => address.AddressFamily == family);
        }
        catch (SocketException)
        {
            return null;
        }
    }

    /// <summary>The first address of a working interface, lowest first, so that every run finds the same. Loopback if there is none.</summary>
    public static IPAddress First(AddressFamily family)
    {
        var loopback = family == AddressFamily.InterNetworkV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback;
        return NetworkInterface.GetAllNetworkInterfaces()
            .Where(card => card.OperationalStatus == OperationalStatus.Up)
            .SelectMany(card => card.GetIPProperties().UnicastAddresses)
            .Select(entry => entry.Address)
            .Where(address => address.AddressFamily == family && !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal)
            .OrderBy(address => Convert.ToHexString(address.GetAddressBytes()), StringComparer.Ordinal)
            .FirstOrDefault(loopback);
    }
}
