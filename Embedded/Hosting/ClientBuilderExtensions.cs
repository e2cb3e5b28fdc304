using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;

namespace Orleans.Hosting;

/// <summary>Configures a client.</summary>
public static class ClientBuilderExtensions
{
    /// <summary>Adds services.</summary>
    public static IClientBuilder ConfigureServices(this IClientBuilder builder, Action<IServiceCollection> configureDelegate)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configureDelegate);
        configureDelegate(builder.Services);
        return builder;
    }

    /// <summary>Sets options.</summary>
    public static IClientBuilder Configure<TOptions>(this IClientBuilder builder, Action<TOptions> configureOptions)
        where TOptions : class => builder.ConfigureServices(services => services.Configure(configureOptions));

    /// <summary>Binds options to configuration.</summary>
    public static IClientBuilder Configure<TOptions>(this IClientBuilder builder, IConfiguration configuration)
        where TOptions : class => builder.ConfigureServices(services => services.AddOptions<TOptions>().Bind(configuration));

    /// <summary>Hands the current activity on to callees, through the request context.</summary>
    public static IClientBuilder AddActivityPropagation(this IClientBuilder builder) =>
        builder
            .AddOutgoingGrainCallFilter<ActivityPropagationOutgoingFilter>()
            .AddIncomingGrainCallFilter<ActivityPropagationIncomingFilter>();

    /// <summary>Says what to do when no gateway can be reached. Without it, the host's start fails.</summary>
    public static IClientBuilder UseConnectionRetryFilter(
        this IClientBuilder builder, Func<Exception, CancellationToken, Task<bool>> connectionRetryFilter)
    {
        ArgumentNullException.ThrowIfNull(connectionRetryFilter);
        return builder.UseConnectionRetryFilter(new DelegateRetryFilter(connectionRetryFilter));
    }

    /// <summary>Says what to do when no gateway can be reached.</summary>
    public static IClientBuilder UseConnectionRetryFilter(this IClientBuilder builder, IClientConnectionRetryFilter connectionRetryFilter) =>
        builder.ConfigureServices(services => services.AddSingleton(connectionRetryFilter));

    /// <summary>Says what to do when no gateway can be reached.</summary>
    public static IClientBuilder UseConnectionRetryFilter<TConnectionRetryFilter>(this IClientBuilder builder)
        where TConnectionRetryFilter : class, IClientConnectionRetryFilter =>
        builder.ConfigureServices(services => services.AddSingleton<IClientConnectionRetryFilter, TConnectionRetryFilter>());

    /// <summary>Tells a handler when the client has no connection to the cluster any more.</summary>
    public static IClientBuilder AddClusterConnectionLostHandler(this IClientBuilder builder, ConnectionToClusterLostHandler handler) =>
        builder.ConfigureServices(services => services.AddSingleton(handler));

    /// <summary>Tells a handler when the client has no connection to the cluster any more.</summary>
    public static IClientBuilder AddClusterConnectionLostHandler(this IClientBuilder builder, Func<IServiceProvider, ConnectionToClusterLostHandler> handlerFactory) =>
        builder.ConfigureServices(services => services.AddSingleton(handlerFactory));

    /// <summary>Tells a handler when the client is connected to more or fewer gateways.</summary>
    public static IClientBuilder AddGatewayCountChangedHandler(this IClientBuilder builder, GatewayCountChangedHandler handler) =>
        builder.ConfigureServices(services => services.AddSingleton(handler));

    /// <summary>Tells a handler when the client is connected to more or fewer gateways.</summary>
    public static IClientBuilder AddGatewayCountChangedHandler(this IClientBuilder builder, Func<IServiceProvider, GatewayCountChangedHandler> handlerFactory) =>
        builder.ConfigureServices(services => services.AddSingleton(handlerFactory));

    /// <summary>Tells an observer about the connections of the client.</summary>
    public static IClientBuilder AddClusterConnectionStatusObserver<TObserver>(this IClientBuilder builder, TObserver observer)
        where TObserver : IClusterConnectionStatusObserver =>
        builder.ConfigureServices(services => services.AddSingleton<IClusterConnectionStatusObserver>(observer));

    /// <summary>Tells an observer about the connections of the client.</summary>
    public static IClientBuilder AddClusterConnectionStatusObserver<TObserver>(this IClientBuilder builder)
        where TObserver : class, IClusterConnectionStatusObserver =>
        builder.ConfigureServices(services => services.AddSingleton<IClusterConnectionStatusObserver, TObserver>());

    /// <summary>Connects to a silo on this machine.</summary>
    public static IClientBuilder UseLocalhostClustering(
        this IClientBuilder builder,
        int gatewayPort = EndpointOptions.DEFAULT_GATEWAY_PORT,
        string serviceId = ClusterOptions.DevelopmentId,
        string clusterId = ClusterOptions.DevelopmentId) => builder.UseLocalhostClustering([gatewayPort], serviceId, clusterId);

    /// <summary>Connects to silos on this machine.</summary>
    public static IClientBuilder UseLocalhostClustering(
        this IClientBuilder builder, int[] gatewayPorts, string serviceId = ClusterOptions.DevelopmentId, string clusterId = ClusterOptions.DevelopmentId)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.UseStaticClustering([.. gatewayPorts.Select(port => new IPEndPoint(IPAddress.Loopback, port))]);
        builder.Services.SetClusterIds(serviceId, clusterId);
        return builder;
    }

    /// <summary>Connects to a fixed list of gateways.</summary>
    public static IClientBuilder UseStaticClustering(this IClientBuilder builder, params IPEndPoint[] gateways) =>
        builder.UseStaticClustering((StaticGatewayListProviderOptions options) => options.Gateways = [.. gateways.Select(gateway => GatewayUri.Create(gateway, 0))]);

    /// <summary>Connects to a fixed list of gateways.</summary>
    public static IClientBuilder UseStaticClustering(this IClientBuilder builder, Action<StaticGatewayListProviderOptions> configureOptions) =>
        builder.UseStaticClustering((OptionsBuilder<StaticGatewayListProviderOptions> options) => options.Configure(configureOptions));

    /// <summary>Connects to a fixed list of gateways.</summary>
    public static IClientBuilder UseStaticClustering(
        this IClientBuilder builder, Action<OptionsBuilder<StaticGatewayListProviderOptions>> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(configureOptions);
        return builder.ConfigureServices(services =>
        {
            configureOptions(services.AddOptions<StaticGatewayListProviderOptions>());
            services.AddSingleton<IGatewayListProvider, StaticGatewayListProvider>();
        });
    }

    private sealed class DelegateRetryFilter(Func<Exception, CancellationToken, Task<bool>> filter) : IClientConnectionRetryFilter
    {
        public Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken) =>
            filter(exception, cancellationToken);
    }
}
