using Dpark.Conformance.Membership;
using Orleans.Runtime;
using Orleans.TestingHost;

namespace Dpark.Conformance.Clusters;

/// <summary>
/// The one place where the suite makes clusters, so that the same tests run on every kind of hosting. The environment variable
/// <c>DPARK_CONFORMANCE_HOSTING</c> chooses: <c>memory</c> (silos and client in this process, in-memory transport; the default), <c>tcp</c>
/// (the same over sockets), or <c>process</c> (each silo in a process of its own). A test that reaches into a silo's services is an
/// <see cref="InProcessFactAttribute"/>, one that needs processes a <see cref="ProcessFactAttribute"/>.
/// </summary>
public static class ClusterHosting
{
    private const string Variable = "DPARK_CONFORMANCE_HOSTING";

    private static readonly string Kind = Environment.GetEnvironmentVariable(Variable) ?? "memory";

    /// <summary>Whether silos run in the process of the test, so that it can use their service providers.</summary>
    public static bool IsInProcess => Kind is "memory" or "tcp";

    /// <summary>Starts a cluster and its client. The caller disposes it.</summary>
    public static async Task<TestCluster> DeployAsync(int siloCount, Action<TestClusterBuilder>? configure = null)
    {
        var builder = new TestClusterBuilder((short)siloCount);
        builder.Options.ConfigureFileLogging = false;
        builder.Options.ConnectionTransport = Kind switch
        {
            "memory" => ConnectionTransportType.InMemory,
            "tcp" or "process" => ConnectionTransportType.TcpSocket,
            _ => throw new InvalidOperationException($"{Variable} is '{Kind}'. Set memory, tcp or process."),
        };
        builder.AddSiloBuilderConfigurator<DefaultSilo>();
        if (!IsInProcess)
        {
            // The membership is in the memory of the first silo's process, which no test kills.
            builder.Options.UseTestClusterMembership = false;
            builder.CreateSiloAsync = ProcessSiloHandle.StartAsync;
            builder.AddSiloBuilderConfigurator<ProcessSilo>();
            builder.AddClientBuilderConfigurator<ProcessClient>();
        }

        configure?.Invoke(builder);
        var cluster = builder.Build();
        try
        {
            await cluster.DeployAsync();
            if (!IsInProcess && cluster.Options.InitializeClientOnDeploy)
            {
                await WaitForEachOtherAsync(cluster).Within("the silos seeing each other");
            }

            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the other test clusters do by the services of their silos.</summary>
    private static Task WaitForEachOtherAsync(TestCluster cluster) => Task.WhenAll(cluster.Silos.Select(async silo =>
    {
        var watcher = await MembershipWatcherGrain.OnAsync(cluster.Client, silo.SiloAddress);
        await Task.WhenAll(cluster.Silos.Select(other => watcher.WaitForStatusAsync(other.SiloAddress, SiloStatus.Active)));
    }));
}
