using Orleans.Runtime;
using Orleans.Runtime.Redis;
using StackExchange.Redis;

namespace Orleans.Persistence;

/// <summary>Grain storage in Redis.</summary>
public class RedisStorageOptions
{
    /// <summary>
    /// Whether clearing a state deletes its key. If not, the key stays with a new ETag and no data, so that a writer with an older ETag is still refused.
    /// Default: false.
    /// </summary>
    public bool DeleteStateOnClear { get; set; }

    /// <summary>Stage at which the storage connects. Default: <see cref="ServiceLifecycleStage.ApplicationServices"/>.</summary>
    public int InitStage { get; set; } = ServiceLifecycleStage.ApplicationServices;

    /// <summary>Where Redis is and how to connect. Required.</summary>
    public ConfigurationOptions? ConfigurationOptions { get; set; }

    /// <summary>
    /// Opens the connection, and says whether it is shared. A shared one stays open when the silo ends. Default: <see cref="DefaultCreateMultiplexer"/>.
    /// </summary>
    public Func<RedisStorageOptions, Task<(IConnectionMultiplexer Multiplexer, bool IsShared)>> CreateMultiplexer { get; set; } = DefaultCreateMultiplexer;

    /// <summary>How long after its last write a state is deleted: for tests only. More than zero. Null: never. Default: null.</summary>
    public TimeSpan? EntryExpiry { get; set; }

    /// <summary>
    /// The key of a state, from its name and its grain. Null: <c>{ServiceId}/state/{grainType}/{grainKey}/{stateName}</c>. Default: null.
    /// </summary>
    public Func<string, GrainId, RedisKey>? GetStorageKey { get; set; }

    /// <summary>Opens a connection to <see cref="ConfigurationOptions"/> that is not shared.</summary>
    public static Task<(IConnectionMultiplexer Multiplexer, bool IsShared)> DefaultCreateMultiplexer(RedisStorageOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return RedisConnection.ConnectAsync(options.ConfigurationOptions!);
    }
}
