using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Connections.Security;
using Orleans.Networking.Shared;
using Orleans.Serialization.Codecs;

namespace Orleans.Runtime;

/// <summary>The services of calls, activations and messaging.</summary>
internal static class RuntimeServices
{
    /// <summary>The part of the configuration section <c>Orleans</c> that this runtime alone reads.</summary>
    public const string SectionKey = "Embedded";

    // Configuration, because the official API has no switch for it. The official runtime does not read it.
    private const string TransportKey = $"Orleans:{SectionKey}:Transport";
    private const string InMemory = "InMemory";

    /// <summary>Adds the runtime of a silo. It takes part in the silo's lifecycle.</summary>
    public static IServiceCollection AddSiloRuntime(this IServiceCollection services)
    {
        AddCommon<SiloMessagingOptions>(services);
        services.AddSingleton<SiloRuntime>();
        services.AddSingleton<CallRuntime>(static provider => provider.GetRequiredService<SiloRuntime>());
        services.AddSingleton<IGrainRuntime>(static provider => provider.GetRequiredService<SiloRuntime>());
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static provider => provider.GetRequiredService<SiloRuntime>());
        services.AddSingleton(static provider => provider.GetRequiredService<SiloRuntime>().Catalog);
        services.AddSingleton<TurnSettings>();
        services.AddSingleton<LocalGrainClasses>();
        services.AddSingleton<IConfigureOptions<GrainTypeOptions>, GrainTypeOptionsDefaults>();
        services.AddSingleton<ClusterGrainClasses>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static provider => provider.GetRequiredService<ClusterGrainClasses>());
        services.AddSingleton(CreateTypeTable);
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
        AddCommon<ClientMessagingOptions>(services);
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

    private static void AddCommon<TMessagingOptions>(IServiceCollection services)
        where TMessagingOptions : MessagingOptions
    {
        services.TryAddSingleton(CreateTransport<TMessagingOptions>);
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<IReferenceResolver>(static provider => provider.GetRequiredService<CallRuntime>());
        services.AddSingleton<IGrainFactory>(static provider => provider.GetRequiredService<GrainFactory>());
        services.AddSingleton<IInternalGrainFactory>(static provider => provider.GetRequiredService<GrainFactory>());
        services.AddSingleton<IClusterClient>(static provider => provider.GetRequiredService<GrainFactory>());
        services.TryAddSingleton<IGrainContextAccessor, GrainContextAccessor>();
    }

    private static GrainTypeTable CreateTypeTable(IServiceProvider services)
    {
        var others = services.GetRequiredService<ClusterGrainClasses>();
        var table = new GrainTypeTable(() => [.. services.GetRequiredService<LocalGrainClasses>().Entries.Concat(others.OfOthers).DistinctBy(static entry => entry.GrainType)]);
        others.Changed += table.Invalidate;
        return table;
    }

    private static IMessageTransport CreateTransport<TMessagingOptions>(IServiceProvider services)
        where TMessagingOptions : MessagingOptions
    {
        if (string.Equals(services.GetService<IConfiguration>()?[TransportKey], InMemory, StringComparison.OrdinalIgnoreCase))
        {
            return InMemoryTransport.Shared;
        }

        var settings = new TcpSettings(
            MessageSerializer.MaxFrameBytes(services.GetRequiredService<IOptions<TMessagingOptions>>().Value),
            services.GetRequiredService<IOptions<ConnectionOptions>>().Value.OpenConnectionTimeout,
            services.GetRequiredService<IOptions<SocketConnectionOptions>>().Value);
        var tls = services.GetService<TlsOptions>() is { } options ? new TlsAuthenticator(options, typeof(TMessagingOptions) == typeof(SiloMessagingOptions)) : null;
        return new TcpTransport(settings, services.GetRequiredService<ILogger<TcpTransport>>(), tls);
    }

    /// <summary>Fills the options with what is loaded, before the user's own configuration takes classes out.</summary>
    private sealed class GrainTypeOptionsDefaults : IConfigureOptions<GrainTypeOptions>
    {
        public void Configure(GrainTypeOptions options) => options.Classes.UnionWith(GrainClassScanner.FindAll());
    }
}
