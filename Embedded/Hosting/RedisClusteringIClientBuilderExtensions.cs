using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Clustering.Redis;
using Orleans.Hosting;
using Orleans.Messaging;
using Orleans.Runtime.MembershipService;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>Lets a client find silos through Redis.</summary>
public static class RedisClusteringIClientBuilderExtensions
{
    /// <summary>Takes the gateways from the membership in Redis.</summary>
    public static IClientBuilder UseRedisClustering(this IClientBuilder builder, Action<RedisClusteringOptions> configuration) =>
        builder.ConfigureServices(services =>
        {
            services.Configure(configuration);
            services.AddSingleton<IConfigurationValidator, RedisClusteringOptionsValidator>();
            services.AddSingleton<IMembershipTable, RedisMembershipTable>();
            services.AddSingleton<IGatewayListProvider, MembershipGatewayListProvider>();
        });

    /// <summary>Takes the gateways from the membership in Redis.</summary>
    /// <param name="redisConnectionString">Such as <c>redis-1:6379</c>.</param>
    public static IClientBuilder UseRedisClustering(this IClientBuilder builder, string redisConnectionString) =>
        builder.UseRedisClustering(options => options.ConfigurationOptions = ConfigurationOptions.Parse(redisConnectionString));
}
