using System.Net;
using System.Net.Sockets;
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
        var (siloPort, gatewayPort) = (FreePort(), FreePort());
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(siloPort, gatewayPort);
            configure?.Invoke(silo);
        });
        return gatewayPort;
    }

    /// <summary>A port that nobody listens on now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
