using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;

namespace Microsoft.Extensions.Hosting;

/// <summary>Adds a client to a host. Several calls configure the same client.</summary>
public static class OrleansClientGenericHostExtensions
{
    /// <summary>Adds a client.</summary>
    public static IHostBuilder UseOrleansClient(this IHostBuilder hostBuilder) => hostBuilder.UseOrleansClient(static (_, _) => { });

    /// <summary>Adds a client.</summary>
    public static IHostBuilder UseOrleansClient(this IHostBuilder hostBuilder, Action<IClientBuilder> configureDelegate)
    {
        ArgumentNullException.ThrowIfNull(configureDelegate);
        return hostBuilder.UseOrleansClient((_, builder) => configureDelegate(builder));
    }

    /// <summary>Adds a client.</summary>
    public static IHostBuilder UseOrleansClient(this IHostBuilder hostBuilder, Action<HostBuilderContext, IClientBuilder> configureDelegate)
    {
        ArgumentNullException.ThrowIfNull(hostBuilder);
        ArgumentNullException.ThrowIfNull(configureDelegate);
        return hostBuilder.ConfigureServices((context, services) => configureDelegate(context, ClientBuilder.GetOrAdd(services, context.Configuration)));
    }

    /// <summary>Adds a client.</summary>
    public static HostApplicationBuilder UseOrleansClient(this HostApplicationBuilder hostAppBuilder) =>
        hostAppBuilder.UseOrleansClient(static _ => { });

    /// <summary>Adds a client.</summary>
    public static HostApplicationBuilder UseOrleansClient(this HostApplicationBuilder hostAppBuilder, Action<IClientBuilder> configureDelegate)
    {
        ((IHostApplicationBuilder)hostAppBuilder).UseOrleansClient(configureDelegate);
        return hostAppBuilder;
    }

    /// <summary>Adds a client.</summary>
    public static IHostApplicationBuilder UseOrleansClient(this IHostApplicationBuilder hostAppBuilder) =>
        hostAppBuilder.UseOrleansClient(static _ => { });

    /// <summary>Adds a client.</summary>
    public static IHostApplicationBuilder UseOrleansClient(this IHostApplicationBuilder hostAppBuilder, Action<IClientBuilder> configureDelegate)
    {
        ArgumentNullException.ThrowIfNull(hostAppBuilder);
        ArgumentNullException.ThrowIfNull(configureDelegate);
        configureDelegate(ClientBuilder.GetOrAdd(hostAppBuilder.Services, hostAppBuilder.Configuration));
        return hostAppBuilder;
    }

    /// <summary>Adds a client.</summary>
    public static IServiceCollection AddOrleansClient(this IServiceCollection services, Action<IClientBuilder> configureDelegate) =>
        services.AddOrleansClient(BuilderMarker.FindConfiguration(services), configureDelegate);

    /// <summary>Adds a client.</summary>
    public static IServiceCollection AddOrleansClient(
        this IServiceCollection services, IConfiguration configuration, Action<IClientBuilder> configureDelegate)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configureDelegate);
        configureDelegate(ClientBuilder.GetOrAdd(services, configuration));
        return services;
    }
}
