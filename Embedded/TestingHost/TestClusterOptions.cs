using System.Globalization;

namespace Orleans.TestingHost;

/// <summary>Options of a <see cref="TestCluster"/>. They are handed to every host as configuration, under their names.</summary>
public class TestClusterOptions
{
    /// <summary>The cluster's id.</summary>
    public string ClusterId { get; set; } = "";

    /// <summary>The service's id.</summary>
    public string ServiceId { get; set; } = "";

    /// <summary>Port of the first silo.</summary>
    public int BaseSiloPort { get; set; }

    /// <summary>Port of the first gateway.</summary>
    public int BaseGatewayPort { get; set; }

    /// <summary>Whether the membership is the cluster's own, in memory. Default: true.</summary>
    public bool UseTestClusterMembership { get; set; } = true;

    /// <summary>Whether the client starts with the silos. Default: true.</summary>
    public bool InitializeClientOnDeploy { get; set; } = true;

    /// <summary>How many silos start. Default: 2.</summary>
    public short InitialSilosCount { get; set; } = 2;

    /// <summary>Whether placement takes every silo to host every grain class. Default: true.</summary>
    public bool AssumeHomogenousSilosForTesting { get; set; } = true;

    /// <summary>Whether every silo has a gateway, not only the first. Default: true.</summary>
    public bool GatewayPerSilo { get; set; } = true;

    /// <summary>Whether hosts write log files, where the runtime can; this one writes none. Default: true.</summary>
    public bool ConfigureFileLogging { get; set; } = true;

    /// <summary>What the silos talk over. Default: <see cref="ConnectionTransportType.InMemory"/>.</summary>
    public ConnectionTransportType ConnectionTransport { get; set; } = ConnectionTransportType.InMemory;

    /// <summary>Types of <see cref="ISiloConfigurator"/> and <see cref="IHostConfigurator"/>.</summary>
    public List<string> SiloBuilderConfiguratorTypes { get; } = [];

    /// <summary>Types of <see cref="IClientBuilderConfigurator"/> and <see cref="IHostConfigurator"/>.</summary>
    public List<string> ClientBuilderConfiguratorTypes { get; } = [];

    /// <summary>The options as configuration.</summary>
    public Dictionary<string, string> ToDictionary()
    {
        var result = new Dictionary<string, string>
        {
            [nameof(ClusterId)] = ClusterId,
            [nameof(ServiceId)] = ServiceId,
            [nameof(BaseSiloPort)] = BaseSiloPort.ToString(CultureInfo.InvariantCulture),
            [nameof(BaseGatewayPort)] = BaseGatewayPort.ToString(CultureInfo.InvariantCulture),
            [nameof(UseTestClusterMembership)] = UseTestClusterMembership.ToString(),
            [nameof(InitializeClientOnDeploy)] = InitializeClientOnDeploy.ToString(),
            [nameof(InitialSilosCount)] = InitialSilosCount.ToString(CultureInfo.InvariantCulture),
            [nameof(AssumeHomogenousSilosForTesting)] = AssumeHomogenousSilosForTesting.ToString(),
            [nameof(GatewayPerSilo)] = GatewayPerSilo.ToString(),
            [nameof(ConfigureFileLogging)] = ConfigureFileLogging.ToString(),
            [nameof(ConnectionTransport)] = ConnectionTransport.ToString(),
        };
        AddList(nameof(SiloBuilderConfiguratorTypes), SiloBuilderConfiguratorTypes, result);
        AddList(nameof(ClientBuilderConfiguratorTypes), ClientBuilderConfiguratorTypes, result);
        return result;
    }

    private static void AddList(string name, List<string> values, Dictionary<string, string> target)
    {
        for (var i = 0; i < values.Count; i++)
        {
            target[string.Create(CultureInfo.InvariantCulture, $"{name}:{i}")] = values[i];
        }
    }
}
