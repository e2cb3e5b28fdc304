using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.MembershipService;

namespace Orleans.Hosting;

/// <summary>Configures how a silo finds others.</summary>
public static class CoreHostingExtensions
{
    /// <summary>Hands the current activity on to callees, through the request context.</summary>
    public static ISiloBuilder AddActivityPropagation(this ISiloBuilder builder) =>
        builder
            .AddOutgoingGrainCallFilter<ActivityPropagationOutgoingFilter>()
            .AddIncomingGrainCallFilter<ActivityPropagationIncomingFilter>();

    /// <summary>Uses loopback, and a membership in the memory of the primary silo.</summary>
    /// <param name="primarySiloEndpoint">The silo that holds the membership. Null: this one.</param>
    /// <remarks>The ids are set only where none was set.</remarks>
    public static ISiloBuilder UseLocalhostClustering(
        this ISiloBuilder builder,
        int siloPort = EndpointOptions.DEFAULT_SILO_PORT,
        int gatewayPort = EndpointOptions.DEFAULT_GATEWAY_PORT,
        IPEndPoint? primarySiloEndpoint = null,
        string serviceId = ClusterOptions.DevelopmentId,
        string clusterId = ClusterOptions.DevelopmentId)
    {
        builder.Configure<EndpointOptions>(options =>
        {
            options.AdvertisedIPAddress = IPAddress.Loopback;
            options.SiloPort = siloPort;
            options.GatewayPort = gatewayPort;
        });
        builder.UseDevelopmentClustering(primarySiloEndpoint ?? new IPEndPoint(IPAddress.Loopback, siloPort));
        builder.Services.SetClusterIds(serviceId, clusterId);
        return builder;
    }

    /// <summary>Uses a membership in the memory of one silo.</summary>
    public static ISiloBuilder UseDevelopmentClustering(this ISiloBuilder builder, IPEndPoint primarySiloEndpoint) =>
        builder.UseDevelopmentClustering(options => options.PrimarySiloEndpoint = primarySiloEndpoint);

    /// <summary>Uses a membership in the memory of one silo.</summary>
    public static ISiloBuilder UseDevelopmentClustering(this ISiloBuilder builder, Action<DevelopmentClusterMembershipOptions> configureOptions) =>
        builder.UseDevelopmentClustering(options => options.Configure(configureOptions));

    /// <summary>Uses a membership in the memory of one silo.</summary>
    public static ISiloBuilder UseDevelopmentClustering(
        this ISiloBuilder builder, Action<OptionsBuilder<DevelopmentClusterMembershipOptions>> configureOptions)
    {
        ArgumentNullException.ThrowIfNull(configureOptions);
        return builder.ConfigureServices(services =>
        {
            configureOptions(services.AddOptions<DevelopmentClusterMembershipOptions>());
            services.TryAddSingleton<DevelopmentMembershipTable>();
            services.AddSingleton<IMembershipTable>(static provider => provider.GetRequiredService<DevelopmentMembershipTable>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<SystemTarget, MembershipTableTarget>());
            services.TryAddSingleton<Func<SiloAddress, IMembershipTableTarget>>(static provider => silo =>
                provider.GetRequiredService<IInternalGrainFactory>().GetSystemTarget<IMembershipTableTarget>(MembershipTableTarget.Type, silo));
        });
    }

    /// <summary>Uses the distributed grain directory. This runtime has no other.</summary>
    /// <param name="name">Null: the default directory.</param>
    public static ISiloBuilder AddDistributedGrainDirectory(this ISiloBuilder siloBuilder, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(siloBuilder);
        return siloBuilder;
    }
}
