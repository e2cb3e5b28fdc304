using Orleans.Runtime;

namespace Orleans.Persistence;

/// <summary>Checks the options of one storage.</summary>
internal sealed class RedisStorageOptionsValidator(string name, RedisStorageOptions options) : IConfigurationValidator
{
    public void ValidateConfiguration()
    {
        if (options.ConfigurationOptions is null)
        {
            throw new OrleansConfigurationException(
                $"Invalid configuration for Redis grain storage '{name}': {nameof(RedisStorageOptions)}.{nameof(RedisStorageOptions.ConfigurationOptions)} "
                    + "is required. Set it where the storage is added.");
        }

        if (options.EntryExpiry is { } expiry && expiry < TimeSpan.FromMilliseconds(1))
        {
            throw new OrleansConfigurationException(
                $"{nameof(RedisStorageOptions.EntryExpiry)} of Redis grain storage '{name}' is {expiry}. Set at least 1 ms, or null.");
        }
    }
}
