using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>Stands in a service collection for the silo or client that was added to it.</summary>
internal sealed class BuilderMarker(object builder)
{
    /// <summary>Finds the builder of an earlier call, or adds a new one.</summary>
    /// <exception cref="OrleansConfigurationException">The collection has a builder of the other kind.</exception>
    public static T GetOrAdd<T>(IServiceCollection services, Func<T> create, out bool isNew)
        where T : class
    {
        var existing = services.FirstOrDefault(service => service.ServiceType == typeof(BuilderMarker))?.ImplementationInstance as BuilderMarker;
        isNew = existing is null;
        switch (existing?.Builder)
        {
            case T builder:
                return builder;
            case not null:
                throw new OrleansConfigurationException(
                    "A host has either a silo or a client, and both UseOrleans and UseOrleansClient were called. "
                        + "Leave out UseOrleansClient: a silo's host has a client.");
            default:
                var created = create();
                services.AddSingleton(new BuilderMarker(created));
                return created;
        }
    }

    public static IConfiguration FindConfiguration(IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.LastOrDefault(service => service.ServiceType == typeof(IConfiguration))?.ImplementationInstance as IConfiguration
            ?? new ConfigurationBuilder().Build();
    }

    private object Builder { get; } = builder;
}
