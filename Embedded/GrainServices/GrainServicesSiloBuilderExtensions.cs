using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.Services;

namespace Orleans.Hosting;

/// <summary>Adds grain services.</summary>
public static class GrainServicesSiloBuilderExtensions
{
    /// <summary>Lets every silo have the service.</summary>
    public static ISiloBuilder AddGrainService<T>(this ISiloBuilder builder)
        where T : GrainService => builder.ConfigureServices(services => services.AddGrainService<T>());

    /// <summary>Lets every silo have the service.</summary>
    public static IServiceCollection AddGrainService<T>(this IServiceCollection services) => services.AddGrainService(typeof(T));

    /// <summary>Lets every silo have the service.</summary>
    public static IServiceCollection AddGrainService(this IServiceCollection services, Type grainServiceType) =>
        services.AddSingleton(provider => (IGrainService)ActivatorUtilities.CreateInstance(
            provider, grainServiceType, GrainServiceId.Of(grainServiceType, provider.GetRequiredService<ILocalSiloDetails>().SiloAddress)));
}
