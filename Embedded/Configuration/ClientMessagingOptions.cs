using System.Net;
using System.Net.Sockets;

namespace Orleans.Configuration;

/// <summary>How calls of a client behave.</summary>
public class ClientMessagingOptions : MessagingOptions
{
    /// <summary>Over how many buckets grains are spread among gateways. Default: 8192.</summary>
    public int ClientSenderBuckets { get; set; } = 8192;

    /// <summary>Address family of the client's own address. Default: <see cref="AddressFamily.InterNetwork"/>.</summary>
    public AddressFamily PreferredFamily { get; set; } = AddressFamily.InterNetwork;

    /// <summary>Name of the network interface of the client's own address. Null: any.</summary>
    public string? NetworkInterfaceName { get; set; }

    /// <summary>The client's own address. Null: chosen.</summary>
    public IPAddress? LocalAddress { get; set; }
}
