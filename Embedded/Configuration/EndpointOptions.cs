using System.Net;

namespace Orleans.Configuration;

/// <summary>Where a silo listens and under which address others find it.</summary>
public class EndpointOptions
{
    /// <summary>11111.</summary>
    public const int DEFAULT_SILO_PORT = 11111;

    /// <summary>30000.</summary>
    public const int DEFAULT_GATEWAY_PORT = 30000;

    private IPAddress? _advertisedIPAddress;

    /// <summary>The address that others use. Null: the first usable one of this machine.</summary>
    /// <exception cref="ArgumentException">Set to an address that stands for all addresses.</exception>
    public IPAddress? AdvertisedIPAddress
    {
        get => _advertisedIPAddress;
        set
        {
            if (value is not null && (value.Equals(IPAddress.Any) || value.Equals(IPAddress.IPv6Any) || value.Equals(IPAddress.None) || value.Equals(IPAddress.IPv6None)))
            {
                throw new ArgumentException(
                    $"The advertised address is {value}, which nobody can connect to. Set an address of this machine.", nameof(value));
            }

            _advertisedIPAddress = value;
        }
    }

    /// <summary>Port for silos. Default: 11111.</summary>
    public int SiloPort { get; set; } = DEFAULT_SILO_PORT;

    /// <summary>Port for clients. 0: no gateway. Default: 30000.</summary>
    public int GatewayPort { get; set; } = DEFAULT_GATEWAY_PORT;

    /// <summary>Where to listen for silos. Null: the advertised address and <see cref="SiloPort"/>.</summary>
    public IPEndPoint? SiloListeningEndpoint { get; set; }

    /// <summary>Where to listen for clients. Null: the advertised address and <see cref="GatewayPort"/>.</summary>
    public IPEndPoint? GatewayListeningEndpoint { get; set; }
}
