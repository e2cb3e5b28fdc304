using System.Globalization;

namespace Orleans.TestingHost;

/// <summary>What differs from silo to silo.</summary>
public sealed class InProcessTestSiloSpecificOptions
{
    /// <summary>Name of the silo.</summary>
    public string SiloName { get; set; } = "";

    /// <summary>Port for silos.</summary>
    public int SiloPort { get; set; }

    /// <summary>Port for clients. 0: it takes none.</summary>
    public int GatewayPort { get; set; }

    internal static InProcessTestSiloSpecificOptions Create(InProcessTestClusterOptions options, int instanceNumber, int siloPort, int gatewayPort) => new()
    {
        SiloName = string.Create(CultureInfo.InvariantCulture, $"Silo_{instanceNumber}"),
        SiloPort = siloPort,
        GatewayPort = instanceNumber == 0 || options.GatewayPerSilo ? gatewayPort : 0,
    };
}
