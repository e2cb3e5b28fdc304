using Orleans.TestingHost;

namespace Dpark.Conformance.Clusters;

/// <summary>
/// The one place where the suite makes clusters, so that the same tests run on every kind of hosting. The environment variable
/// <c>DPARK_CONFORMANCE_HOSTING</c> chooses: <c>memory</c> (silos and client in this process, in-memory transport; the default) or <c>tcp</c>
/// (the same over sockets). A test that reaches into a silo's services is an <see cref="InProcessFactAttribute"/>.
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
            "tcp" => ConnectionTransportType.TcpSocket,
            _ => throw new InvalidOperationException($"{Variable} is '{Kind}'. Set memory or tcp."),
        };
        builder.AddSiloBuilderConfigurator<DefaultSilo>();
        configure?.Invoke(builder);
        var cluster = builder.Build();
        try
        {
            await cluster.DeployAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }
}
