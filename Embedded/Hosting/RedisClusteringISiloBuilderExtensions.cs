using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Clustering.Redis;
using Orleans.Hosting;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>Lets silos find each other through Redis.</summary>
public static class RedisClusteringISiloBuilderExtensions
{
    /// <summary>Keeps the membership in Redis.</summary>
    public static ISiloBuilder UseRedisClustering(this ISiloBuilder builder, Action<RedisClusteringOptions> configuration) =>
        builder.ConfigureServices(services =>
        {
            services.Configure(configuration);
            services.AddSingleton<IConfigurationValidator, RedisClusteringOptionsValidator>();
            services.AddSingleton<IMembershipTable, RedisMembershipTable>();
        });

    /// <summary>Keeps the membership in Redis.</summary>
    /// <param name="redisConnectionString">Such as <c>redis-1:6379</c>.</param>
    public static ISiloBuilder UseRedisClustering(this ISiloBuilder builder, string redisConnectionString) =>
        builder.UseRedisClustering(options => options.ConfigurationOptions = ConfigurationOptions.Parse(redisConnectionString));
}
