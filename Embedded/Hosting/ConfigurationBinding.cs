using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;

namespace Orleans.Hosting;

/// <summary>
/// Options from the configuration section <c>Orleans</c>. Without that section nothing is bound, which would cost time at every start.
/// </summary>
internal static class ConfigurationBinding
{
    public static void Apply(IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection("Orleans");
        if (!section.Exists())
        {
            return;
        }

        services.AddOptions<ClusterOptions>().Bind(section);
        services.AddOptions<SiloOptions>().Configure(options => options.SiloName = section["Name"] ?? options.SiloName);
        services.AddOptions<EndpointOptions>().Bind(section.GetSection("Endpoints"));
        services.AddOptions<SiloMessagingOptions>().Bind(section.GetSection("Messaging"));
        services.AddOptions<ClientMessagingOptions>().Bind(section.GetSection("Messaging"));
    }
}
