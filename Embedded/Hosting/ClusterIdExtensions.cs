using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Orleans.Hosting;

internal static class ClusterIdExtensions
{
    /// <summary>Sets the ids of the cluster, where nothing else sets them.</summary>
    public static void SetClusterIds(this IServiceCollection services, string serviceId, string clusterId) =>
        services.PostConfigure<ClusterOptions>(options =>
        {
            options.ServiceId = Choose(options.ServiceId, ClusterOptions.DefaultServiceId, serviceId);
            options.ClusterId = Choose(options.ClusterId, ClusterOptions.DefaultClusterId, clusterId);
        });

    private static string Choose(string current, string initial, string wanted) =>
        string.IsNullOrWhiteSpace(current) || current == initial ? wanted : current;
}
