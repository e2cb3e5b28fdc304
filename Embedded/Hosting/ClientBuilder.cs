using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Orleans.Hosting;

internal sealed class ClientBuilder : IClientBuilder
{
    private ClientBuilder(IServiceCollection services, IConfiguration configuration)
    {
        Services = services;
        Configuration = configuration;
    }

    public IServiceCollection Services { get; }

    public IConfiguration Configuration { get; }

    public static ClientBuilder GetOrAdd(IServiceCollection services, IConfiguration configuration)
    {
        var builder = BuilderMarker.GetOrAdd(services, () => new ClientBuilder(services, configuration), out var isNew);
        if (isNew)
        {
            ClientServices.Add(builder);
        }

        return builder;
    }
}
