using System.Globalization;
using System.Net;

namespace Orleans.Messaging;

/// <summary>Gateways as addresses of the form <c>gwy.tcp://127.0.0.1:30000/0</c>; the path is the silo's generation.</summary>
internal static class GatewayUri
{
    private const string Scheme = "gwy.tcp";

    public static Uri Create(IPEndPoint endpoint, int generation) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{Scheme}://{endpoint}/{generation}"));

    /// <exception cref="ArgumentException">The address is not of that form.</exception>
    public static IPEndPoint ToEndpoint(Uri uri) =>
        uri.Scheme == Scheme && IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address)
            ? new IPEndPoint(address, uri.Port)
            : throw new ArgumentException($"'{uri}' is not a gateway. Write {Scheme}://<ip>:<port>/0.", nameof(uri));
}
