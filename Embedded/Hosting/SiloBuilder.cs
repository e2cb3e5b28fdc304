using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Orleans.Hosting;

internal sealed class SiloBuilder : ISiloBuilder
{
    private SiloBuilder(IServiceCollection services, IConfiguration configuration)
    {
        Services = services;
        Configuration = configuration;
    }

    public IServiceCollection Services { get; }

    public IConfiguration Configuration { get; }

    public static SiloBuilder GetOrAdd(IServiceCollection services, IConfiguration configuration)
    {
        var builder = BuilderMarker.GetOrAdd(services, () => new SiloBuilder(services, configuration), out var isNew);
        if (isNew)
        {
            SiloServices.Add(builder);
        }

        return builder;
    }
}
