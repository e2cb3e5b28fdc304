using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Orleans.Hosting;

internal static class ClusterIdExtensions
{
    /// <summary>Sets the ids of the cluster, each unless it is the development id: that is a default argument and leaves the options as they are.</summary>
    public static void SetClusterIds(this IServiceCollection services, string serviceId, string clusterId) =>
        services.Configure<ClusterOptions>(options =>
        {
            options.ServiceId = Choose(serviceId, options.ServiceId);
            options.ClusterId = Choose(clusterId, options.ClusterId);
        });

    private static string Choose(string wanted, string current) => wanted == ClusterOptions.DevelopmentId ? current : wanted;
}
