using Microsoft.Extensions.Options;
using Orleans.Runtime;

namespace Orleans.Clustering.Redis;

/// <summary>Checks that it is said where Redis is.</summary>
public class RedisClusteringOptionsValidator(IOptions<RedisClusteringOptions> options) : IConfigurationValidator
{
    /// <inheritdoc/>
    public void ValidateConfiguration()
    {
        if (options.Value.ConfigurationOptions is null)
        {
            throw new OrleansConfigurationException(
                $"Invalid configuration for the membership in Redis: {nameof(RedisClusteringOptions)}.{nameof(RedisClusteringOptions.ConfigurationOptions)} "
                    + "is required. Set it, or give UseRedisClustering a connection string.");
        }
    }
}
