using System.Runtime.CompilerServices;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>
/// Options from the configuration section <c>Orleans</c>. If there is nothing to bind, nothing is bound, which would cost time at every start.
/// </summary>
internal static class ConfigurationBinding
{
    public static void Apply(IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection("Orleans");
        if (section.GetChildren().Any(child => !string.Equals(child.Key, RuntimeServices.SectionKey, StringComparison.OrdinalIgnoreCase)))
        {
            Bind(services, section);
        }
    }

    // Apart, so that the binder's assemblies are loaded only for that.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Bind(IServiceCollection services, IConfigurationSection section)
    {
        services.AddOptions<ClusterOptions>().Bind(section);
        services.AddOptions<SiloOptions>().Configure(options => options.SiloName = section["Name"] ?? options.SiloName);
        services.AddOptions<EndpointOptions>().Bind(section.GetSection("Endpoints"));
        services.AddOptions<SiloMessagingOptions>().Bind(section.GetSection("Messaging"));
        services.AddOptions<ClientMessagingOptions>().Bind(section.GetSection("Messaging"));
    }
}
