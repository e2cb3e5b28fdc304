using Microsoft.Extensions.Logging;
using Orleans.Hosting;

namespace Dpark.Configuration;

/// <summary>Which cluster a program connects to: one whose gateways it names, or one that it finds through Redis. Set in code only.</summary>
/// <example><code>new ConnectOptions { Gateways = { "silo-1:30000", "silo-2:30000" }, ClusterId = "reports" }</code></example>
public sealed class ConnectOptions
{
    /// <summary>
    /// Gateways of the cluster, each as <c>HOST:PORT</c>; one that answers is enough. Others of the cluster are not looked for. Not together with
    /// <see cref="Redis"/>. Default: none.
    /// </summary>
    public IList<string> Gateways { get; } = [];

    /// <summary>The Redis that the silos keep their membership in, as <c>HOST:PORT</c>; the gateways are taken from there. Default: none.</summary>
    public string? Redis { get; set; }

    /// <summary>What Redis wants to know from its clients. Default: none. Take it from a secret store or the environment.</summary>
    public string? RedisPassword { get; set; }

    /// <summary>The cluster's id, as its silos have it. Not empty. Default: <c>dev</c>.</summary>
    public string ClusterId { get; set; } = "dev";

    /// <summary>The id of the service that the cluster belongs to. Default: none, which means <see cref="ClusterId"/>, as the silo program has it.</summary>
    public string? ServiceId { get; set; }

    /// <summary>How long it may take until the cluster has answered and has a worker. From 1 s to 1 hour. Default: 8 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>Where the engine writes what it has to say. Default: none, which means lines on standard error, of <see cref="MinimumLogLevel"/> and above.</summary>
    public ILoggerFactory? Loggers { get; set; }

    /// <summary>What standard error gets. Not used if <see cref="Loggers"/> is set. Default: <see cref="LogLevel.Warning"/>.</summary>
    public LogLevel MinimumLogLevel { get; set; } = LogLevel.Warning;

    /// <summary>The certificate of this program, for a cluster that uses TLS. Default: none, which means no TLS.</summary>
    public ClusterTlsOptions Tls { get; } = new();

    /// <summary>Options of the driver, with the cluster's secret.</summary>
    public DparkClientOptions Client { get; } = new();

    /// <summary>Changes the Orleans client in what has no property here; called last.</summary>
    public Action<IClientBuilder>? ConfigureClient { get; set; }
}
