using System.Net;
using Microsoft.Extensions.Configuration;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;

namespace Dpark.Conformance.Clusters;

/// <summary>A silo of another process: it finds the others through the first one.</summary>
public sealed class ProcessSilo : ISiloConfigurator
{
    /// <summary>Of all calls that name no other: longer than a silo that is gone may count as alive.</summary>
    public static readonly TimeSpan ResponseTimeout = TimeSpan.FromMinutes(2);

    public void Configure(ISiloBuilder siloBuilder) => siloBuilder
        .UseDevelopmentClustering(new IPEndPoint(IPAddress.Loopback, siloBuilder.Configuration.GetValue<int>(nameof(TestClusterOptions.BaseSiloPort))))
        .Configure<SiloMessagingOptions>(options => options.ResponseTimeout = ResponseTimeout);
}

/// <summary>A client of silos in other processes: it knows the gateways of those that the cluster starts with.</summary>
public sealed class ProcessClient : IClientBuilderConfigurator
{
    public void Configure(IConfiguration configuration, IClientBuilder clientBuilder)
    {
        var first = configuration.GetValue<int>(nameof(TestClusterOptions.BaseGatewayPort));
        var count = configuration.GetValue<bool>(nameof(TestClusterOptions.GatewayPerSilo)) ? configuration.GetValue<int>(nameof(TestClusterOptions.InitialSilosCount)) : 1;
        clientBuilder
            .UseStaticClustering([.. Enumerable.Range(first, count).Select(port => new IPEndPoint(IPAddress.Loopback, port))])
            .Configure<ClientMessagingOptions>(options => options.ResponseTimeout = ProcessSilo.ResponseTimeout);
    }
}

/// <summary>Finds out within several seconds that a process is gone or does nothing, but takes none for dead that a busy machine has kept waiting.</summary>
public sealed class QuickDetection : ISiloConfigurator
{
    public void Configure(ISiloBuilder siloBuilder) => siloBuilder.Configure<ClusterMembershipOptions>(options =>
    {
        options.ProbeTimeout = TimeSpan.FromSeconds(2);
        options.NumMissedProbesLimit = 3;
        options.TableRefreshTimeout = TimeSpan.FromSeconds(5);
    });
}
