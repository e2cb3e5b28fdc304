using Microsoft.Extensions.Hosting;

namespace Orleans.TestingHost;

/// <summary>Options of an <see cref="InProcessTestCluster"/>.</summary>
public sealed class InProcessTestClusterOptions
{
    /// <summary>The cluster's id.</summary>
    public string ClusterId { get; set; } = "";

    /// <summary>The service's id.</summary>
    public string ServiceId { get; set; } = "";

    /// <summary>How many silos start. Default: 1.</summary>
    public short InitialSilosCount { get; set; } = 1;

    /// <summary>Whether the client starts with the silos. Default: true.</summary>
    public bool InitializeClientOnDeploy { get; set; } = true;

    /// <summary>Whether placement takes every silo to host every grain class. Default: true.</summary>
    public bool AssumeHomogenousSilosForTesting { get; set; } = true;

    /// <summary>Whether every silo has a gateway, not only the first. Default: true.</summary>
    public bool GatewayPerSilo { get; set; } = true;

    /// <summary>Has no effect: there are no log files.</summary>
    public bool ConfigureFileLogging { get; set; } = true;

    /// <summary>Called for each silo's host.</summary>
    public List<Action<InProcessTestSiloSpecificOptions, IHostApplicationBuilder>> SiloHostConfigurationDelegates { get; } = [];

    /// <summary>Called for the client's host.</summary>
    public List<Action<IHostApplicationBuilder>> ClientHostConfigurationDelegates { get; } = [];
}
