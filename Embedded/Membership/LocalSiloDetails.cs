using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Hosting;

namespace Orleans.Runtime;

/// <summary>Who this silo is. Made once per host; the generation makes it differ from every earlier silo at its endpoint.</summary>
internal sealed class LocalSiloDetails : ILocalSiloDetails
{
    public LocalSiloDetails(IOptions<SiloOptions> silo, IOptions<ClusterOptions> cluster, IOptions<EndpointOptions> endpoints)
    {
        var address = endpoints.Value.AdvertisedIPAddress ?? LocalAddresses.First(AddressFamily.InterNetwork);
        var generation = SiloAddress.AllocateNewGeneration();
        SiloAddress = SiloAddress.New(new IPEndPoint(address, endpoints.Value.SiloPort), generation);
        GatewayAddress = endpoints.Value.GatewayPort == 0 ? null : SiloAddress.New(new IPEndPoint(address, endpoints.Value.GatewayPort), 0);
        ClusterId = cluster.Value.ClusterId;
        Name = string.IsNullOrEmpty(silo.Value.SiloName)
            ? string.Create(CultureInfo.InvariantCulture, $"Silo_{SiloAddress.GetConsistentHashCode() & 0xFFFFF:X5}")
            : silo.Value.SiloName;
        DnsHostName = Environment.MachineName;
    }

    public string Name { get; }

    public string ClusterId { get; }

    public string DnsHostName { get; }

    public SiloAddress SiloAddress { get; }

    public SiloAddress? GatewayAddress { get; }
}
