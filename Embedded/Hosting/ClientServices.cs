using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Orleans.Hosting;

/// <summary>The services of a client.</summary>
internal static class ClientServices
{
    public static void Add(IClientBuilder builder)
    {
        var services = builder.Services;
        services.AddOptions();
        services.AddLogging();
        services.AddSerializer();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<ClusterClientLifecycle>();
        services.AddSingleton<IClusterClientLifecycle>(provider => provider.GetRequiredService<ClusterClientLifecycle>());
        services.AddSingleton<IConfigurationValidator, ClusterOptionsValidator>();
        services.AddSingleton<IConfigurationValidator, ClientOptionsValidator>();
        services.AddClientRuntime();
        services.AddSingleton<ILifecycleParticipant<IClusterClientLifecycle>, ConnectionStatusEvents>();
        ConfigurationBinding.Apply(services, builder.Configuration);
        services.AddHostedService<ClusterClientHost>();
    }
}
