namespace Orleans.Runtime;

/// <summary>Who this silo is.</summary>
public interface ILocalSiloDetails
{
    /// <summary>The name.</summary>
    string Name { get; }

    /// <summary>The cluster.</summary>
    string ClusterId { get; }

    /// <summary>Name of the machine.</summary>
    string DnsHostName { get; }

    /// <summary>The address for silos.</summary>
    SiloAddress SiloAddress { get; }

    /// <summary>The address for clients, with generation 0. Null: it takes no clients.</summary>
    SiloAddress? GatewayAddress { get; }
}
