using Dpark.TestKit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;

namespace Dpark.Conformance.Hosting;

/// <summary>Hosts of one silo on loopback, as a user would write them.</summary>
internal static class SiloHosts
{
    public static HostApplicationBuilder NewBuilder()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        return builder;
    }

    /// <summary>Adds a silo on ports that are free.</summary>
    public static int UseSilo(this HostApplicationBuilder builder, Action<ISiloBuilder>? configure = null)
    {
        var (siloPort, gatewayPort) = (FreePorts.Next(), FreePorts.Next());
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(siloPort, gatewayPort);
            configure?.Invoke(silo);
        });
        return gatewayPort;
    }
}
