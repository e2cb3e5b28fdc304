using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Serialization.Codecs;

namespace Orleans.Runtime;

/// <summary>The services of calls, activations and messaging.</summary>
internal static class RuntimeServices
{
    /// <summary>Adds the runtime of a silo. It takes part in the silo's lifecycle.</summary>
    public static IServiceCollection AddSiloRuntime(this IServiceCollection services)
    {
        AddCommon(services);
        services.AddSingleton<SiloRuntime>();
        services.AddSingleton<CallRuntime>(static provider => provider.GetRequiredService<SiloRuntime>());
        services.AddSingleton<IGrainRuntime>(static provider => provider.GetRequiredService<SiloRuntime>());
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static provider => provider.GetRequiredService<SiloRuntime>());
        services.AddSingleton(static provider => provider.GetRequiredService<SiloRuntime>().Catalog);
        services.AddSingleton<TurnSettings>();
        services.AddSingleton<LocalGrainClasses>();
        services.AddSingleton<IConfigureOptions<GrainTypeOptions>, GrainTypeOptionsDefaults>();
        services.AddSingleton(static _ => new GrainTypeTable(static () => [.. GrainClassScanner.FindAll().Select(GrainTypeTable.Describe)]));
        services.AddSingleton(static provider => new Lazy<GrainTypeTable>(provider.GetRequiredService<GrainTypeTable>));
        services.AddSingleton(static provider => new Lazy<SiloRuntime>(provider.GetRequiredService<SiloRuntime>));
        services.AddSingleton<SystemTarget, ClientDirectory>();
        services.AddSingleton(static provider => new GrainFactory(
            provider.GetRequiredService<SiloRuntime>(),
            provider.GetRequiredService<GrainTypeTable>(),
            provider.GetRequiredService<SiloRuntime>().Observers,
            provider));
        services.AddTransient(static _ => RuntimeContext.Current
            ?? throw new InvalidOperationException("There is no activation here. Inject IGrainContext into grains and their services only."));
        return services;
    }

    /// <summary>Adds the runtime of a client outside of the silos. It takes part in the client's lifecycle.</summary>
    public static IServiceCollection AddClientRuntime(this IServiceCollection services)
    {
        AddCommon(services);
        services.AddSingleton<ClientRuntime>();
        services.AddSingleton<CallRuntime>(static provider => provider.GetRequiredService<ClientRuntime>());
        services.AddSingleton<ILifecycleParticipant<IClusterClientLifecycle>>(static provider => provider.GetRequiredService<ClientRuntime>());
        services.AddSingleton(static provider => new GrainFactory(
            provider.GetRequiredService<ClientRuntime>(),
            provider.GetRequiredService<ClientRuntime>().Types,
            provider.GetRequiredService<ClientRuntime>().Observers,
            provider));
        return services;
    }

    private static void AddCommon(IServiceCollection services)
    {
        services.TryAddSingleton<IMessageTransport>(InMemoryTransport.Shared);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IReferenceResolver>(static provider => provider.GetRequiredService<CallRuntime>());
        services.AddSingleton<IGrainFactory>(static provider => provider.GetRequiredService<GrainFactory>());
        services.AddSingleton<IInternalGrainFactory>(static provider => provider.GetRequiredService<GrainFactory>());
        services.AddSingleton<IClusterClient>(static provider => provider.GetRequiredService<GrainFactory>());
        services.TryAddSingleton<IGrainContextAccessor, GrainContextAccessor>();
    }

    /// <summary>Fills the options with what is loaded, before the user's own configuration takes classes out.</summary>
    private sealed class GrainTypeOptionsDefaults : IConfigureOptions<GrainTypeOptions>
    {
        public void Configure(GrainTypeOptions options) => options.Classes.UnionWith(GrainClassScanner.FindAll());
    }
}
