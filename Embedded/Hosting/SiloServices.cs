using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Runtime.GrainDirectory;
using Orleans.Runtime.Management;
using Orleans.Runtime.MembershipService;
using Orleans.Runtime.Placement;
using Orleans.Serialization;

namespace Orleans.Hosting;

/// <summary>The services of a silo.</summary>
internal static class SiloServices
{
    public static void Add(ISiloBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions();
        services.AddLogging();
        services.AddSerializer();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IFatalErrorHandler, FatalErrorHandler>();
        AddLifecycle(services);
        AddMembership(services);
        AddDirectory(services);
        AddPlacement(services);
        AddStorage(services);
        AddValidators(services);
        services.AddSiloRuntime();
        services.AddSingleton<Silo>();
        services.AddSingleton<SiloRing>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, GrainServiceLifecycle>();
        ConfigurationBinding.Apply(services, builder.Configuration);
        services.AddHostedService<SiloHostedService>();
    }

    /// <summary>Adds a service that other silos may call, under its own type.</summary>
    private static void AddSystemTarget<T>(this IServiceCollection services)
        where T : SystemTarget
    {
        services.AddSingleton<T>();
        services.AddSingleton<SystemTarget>(provider => provider.GetRequiredService<T>());
    }

    /// <summary>Adds a way to call a service of another silo.</summary>
    private static void AddSystemTargetFactory<T>(this IServiceCollection services, GrainType type)
        where T : ISystemTarget =>
        services.AddSingleton<Func<SiloAddress, T>>(provider => silo => provider.GetRequiredService<IInternalGrainFactory>().GetSystemTarget<T>(type, silo));

    private static void AddLifecycle(IServiceCollection services)
    {
        services.AddSingleton<ILocalSiloDetails, LocalSiloDetails>();
        services.AddSingleton<SiloLifecycle>();
        services.AddSingleton<ISiloLifecycle>(provider => provider.GetRequiredService<SiloLifecycle>());
    }

    private static void AddMembership(IServiceCollection services)
    {
        services.AddSingleton<MembershipView>();
        services.AddSingleton<MembershipProtocol>();
        services.AddSingleton<IMembershipGossip, MembershipGossip>();
        services.AddSystemTarget<MembershipGossipTarget>();
        services.AddSystemTargetFactory<IMembershipGossipTarget>(MembershipGossipTarget.Type);
        services.AddSingleton<IClusterMembershipService, ClusterMembershipService>();
        services.AddSingleton<ISiloStatusOracle, SiloStatusOracle>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, MembershipAgent>();
        services.AddSingleton<LocalHealth>();
        services.AddSingleton<SiloTraffic>();
        services.AddSingleton<ISiloProber, SiloProber>();
        services.AddSystemTarget<MembershipProbeTarget>();
        services.AddSystemTargetFactory<IMembershipProbeTarget>(MembershipProbeTarget.Type);
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, ConnectivityCheck>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, FailureDetector>();
    }

    private static void AddDirectory(IServiceCollection services)
    {
        services.AddSingleton(provider => new DirectoryState(provider.GetRequiredService<ILocalSiloDetails>().SiloAddress));
        services.AddSingleton<DistributedGrainLocator>();
        services.AddSingleton<IGrainLocator>(provider => provider.GetRequiredService<DistributedGrainLocator>());
        services.AddSystemTarget<DirectoryPartition>();
        services.AddSystemTargetFactory<IDirectoryPartition>(DirectoryPartition.Type);
    }

    private static void AddPlacement(IServiceCollection services)
    {
        services.AddSingleton<SiloPicker>();
        services.AddSingleton<SiloLoads>();
        services.AddSingleton<GrainTypeCatalog>();
        services.AddSingleton<ILocalGrainTypes>(provider => provider.GetRequiredService<LocalGrainClasses>());
        services.AddSingleton<IPlacementService, PlacementService>();
        services.AddSingleton<PlacementStrategy, ResourceOptimizedPlacement>();
        services.AddPlacementDirector<RandomPlacement, RandomDirector>();
        services.AddPlacementDirector<PreferLocalPlacement, LocalDirector>();
        services.AddPlacementDirector<StatelessWorkerPlacement, LocalDirector>(ServiceLifetime.Transient);
        services.AddPlacementDirector<HashBasedPlacement, HashDirector>();
        services.AddPlacementDirector<ActivationCountBasedPlacement, ActivationCountDirector>();
        services.AddPlacementDirector<ResourceOptimizedPlacement, ResourceDirector>();
        services.AddPlacementDirector<SiloRoleBasedPlacement, RoleDirector>();
        services.AddSingleton<LocalLoad>();
        services.AddSingleton<OverloadDetector>();
        services.AddSystemTarget<SiloControl>();
        services.AddSystemTargetFactory<ISiloControl>(SiloControl.Type);
    }

    private static void AddStorage(IServiceCollection services)
    {
        services.AddSingleton<PersistentStateFactory>();
        services.AddSingleton<IPersistentStateFactory>(provider => provider.GetRequiredService<PersistentStateFactory>());
    }

    private static void AddValidators(IServiceCollection services)
    {
        services.AddSingleton<IConfigurationValidator, ClusterOptionsValidator>();
        services.AddSingleton<IConfigurationValidator, SiloOptionsValidator>();
        services.AddSingleton<IConfigurationValidator, LoadSheddingValidator>();
    }
}
