using System.Globalization;

namespace Orleans.TestingHost;

/// <summary>What differs from silo to silo of a test cluster.</summary>
internal sealed record TestSiloSpecificOptions(string SiloName, int SiloPort, int GatewayPort)
{
    public static TestSiloSpecificOptions Create(TestClusterOptions options, int instanceNumber) => new(
        instanceNumber == 0 && options.UseTestClusterMembership ? "Primary" : string.Create(CultureInfo.InvariantCulture, $"Secondary_{instanceNumber}"),
        options.BaseSiloPort + instanceNumber,
        instanceNumber == 0 || options.GatewayPerSilo ? options.BaseGatewayPort + instanceNumber : 0);

    public Dictionary<string, string?> ToDictionary() => new()
    {
        [nameof(SiloName)] = SiloName,
        [nameof(SiloPort)] = SiloPort.ToString(CultureInfo.InvariantCulture),
        [nameof(GatewayPort)] = GatewayPort.ToString(CultureInfo.InvariantCulture),
    };
}
