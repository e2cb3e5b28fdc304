using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Persistence;
using Orleans.Providers;
using Orleans.Runtime.Hosting;

namespace Orleans.Hosting;

/// <summary>Adds grain storage in Redis.</summary>
public static class RedisSiloBuilderExtensions
{
    /// <summary>Adds the default storage. Its options are set elsewhere, under the name "Default".</summary>
    public static ISiloBuilder AddRedisGrainStorageAsDefault(this ISiloBuilder builder) =>
        builder.AddRedisGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME);

    /// <summary>Adds the default storage.</summary>
    public static ISiloBuilder AddRedisGrainStorageAsDefault(this ISiloBuilder builder, Action<RedisStorageOptions> configureOptions) =>
        builder.AddRedisGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configureOptions);

    /// <summary>Adds the default storage.</summary>
    public static ISiloBuilder AddRedisGrainStorageAsDefault(this ISiloBuilder builder, Action<OptionsBuilder<RedisStorageOptions>> configureOptions) =>
        builder.AddRedisGrainStorage(ProviderConstants.DEFAULT_STORAGE_PROVIDER_NAME, configureOptions);

    /// <summary>Adds a storage with a name. Its options are set elsewhere, under the same name.</summary>
    public static ISiloBuilder AddRedisGrainStorage(this ISiloBuilder builder, string name) =>
        builder.AddRedisGrainStorage(name, (OptionsBuilder<RedisStorageOptions> _) => { });

    /// <summary>Adds a storage with a name.</summary>
    public static ISiloBuilder AddRedisGrainStorage(this ISiloBuilder builder, string name, Action<RedisStorageOptions> configureOptions) =>
        builder.AddRedisGrainStorage(name, (OptionsBuilder<RedisStorageOptions> options) => options.Configure(configureOptions));

    /// <summary>Adds a storage with a name.</summary>
    public static ISiloBuilder AddRedisGrainStorage(
        this ISiloBuilder builder, string name, Action<OptionsBuilder<RedisStorageOptions>> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(configureOptions);
        return builder.ConfigureServices(services =>
        {
            configureOptions(services.AddOptions<RedisStorageOptions>(name));
            services.AddSingleton<IConfigurationValidator>(provider =>
                new RedisStorageOptionsValidator(name, provider.GetRequiredService<IOptionsMonitor<RedisStorageOptions>>().Get(name)));
            services.AddGrainStorage(name, RedisGrainStorage.Create);
        });
    }
}
