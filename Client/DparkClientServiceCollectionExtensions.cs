using Dpark.Configuration;
using Dpark.Driver;
using Dpark.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Dpark;

/// <summary>Adds a <see cref="DparkContext"/> to an application's services.</summary>
public static class DparkClientServiceCollectionExtensions
{
    /// <summary>
    /// Adds one context over the cluster client of the services, whether that is a client of its own (<c>UseOrleansClient</c>) or the one of a silo in the process
    /// (<c>UseOrleans</c>). Options come from the section <c>Dpark</c> of the configuration, if there is one, then from <paramref name="configure"/>, and are checked
    /// when the host starts.
    /// </summary>
    /// <example><code>builder.Services.AddDparkClient(options => options.ApplicationName = "billing");</code></example>
    public static IServiceCollection AddDparkClient(this IServiceCollection services, Action<DparkClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddDparkContracts();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IClusterConnectionStatusObserver, GatewayWatch>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<DparkClientOptions>, BindOptions>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DparkClientOptions>, DparkClientOptionsValidator>());
        var options = services.AddOptions<DparkClientOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.TryAddSingleton(static provider => new DparkContext(
            provider.GetRequiredService<IClusterClient>(), provider.GetRequiredService<IOptions<DparkClientOptions>>().Value));
        return services;
    }

    private sealed class BindOptions(IServiceProvider services) : IConfigureOptions<DparkClientOptions>
    {
        public void Configure(DparkClientOptions options)
        {
            if (services.GetService<IConfiguration>() is not { } configuration)
            {
                return;
            }

            configuration.GetSection("Dpark:Client").Bind(options);
            configuration.GetSection("Dpark:Scheduler").Bind(options.Scheduler);
            configuration.GetSection("Dpark:Partitioning").Bind(options.Partitioning);
            configuration.GetSection("Dpark:Closures").Bind(options.Closures);
            configuration.GetSection("Dpark:BlockClient").Bind(options.BlockClient);
        }
    }
}
