using Orleans.Configuration;
using Orleans.Runtime.Redis;
using StackExchange.Redis;

namespace Orleans.Clustering.Redis;

/// <summary>The membership in Redis.</summary>
public class RedisClusteringOptions
{
    /// <summary>Where Redis is and how to connect. Required.</summary>
    public ConfigurationOptions? ConfigurationOptions { get; set; }

    /// <summary>
    /// Opens the connection, and says whether it is shared. A shared one stays open when the silo or client ends. Default:
    /// <see cref="DefaultCreateMultiplexer"/>.
    /// </summary>
    public Func<RedisClusteringOptions, Task<(IConnectionMultiplexer Multiplexer, bool IsShared)>> CreateMultiplexer { get; set; } = DefaultCreateMultiplexer;

    /// <summary>The key of the hash that is the table. Default: <see cref="DefaultCreateRedisKey"/>.</summary>
    public Func<ClusterOptions, RedisKey> CreateRedisKey { get; set; } = DefaultCreateRedisKey;

    /// <summary>
    /// How long after a silo's start the whole table is deleted, which ends the cluster: for tests only. Null: never. Default: null.
    /// </summary>
    public TimeSpan? EntryExpiry { get; set; }

    /// <summary>Opens a connection to <see cref="ConfigurationOptions"/> that is not shared.</summary>
    public static Task<(IConnectionMultiplexer Multiplexer, bool IsShared)> DefaultCreateMultiplexer(RedisClusteringOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return RedisConnection.ConnectAsync(options.ConfigurationOptions!);
    }

    /// <summary><c>{ServiceId}/members/{ClusterId}</c>.</summary>
    public static RedisKey DefaultCreateRedisKey(ClusterOptions clusterOptions)
    {
        ArgumentNullException.ThrowIfNull(clusterOptions);
        return $"{clusterOptions.ServiceId}/members/{clusterOptions.ClusterId}";
    }
}
