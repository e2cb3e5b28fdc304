using System.Reflection;
using System.Runtime.Loader;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Serialization.Configuration;
using Orleans.Serialization.Session;

namespace Orleans.Serialization;

/// <summary>Configures the serializer of a service collection.</summary>
public interface ISerializerBuilder
{
    /// <summary>The collection.</summary>
    IServiceCollection Services { get; }
}

/// <summary>Adds the serializer to services.</summary>
public static class ServiceCollectionExtensions
{
    /// <summary>Adds <see cref="Serializer"/>, <see cref="Serializer{T}"/>, <see cref="DeepCopier"/> and <see cref="DeepCopier{T}"/>. May be called several times.</summary>
    public static IServiceCollection AddSerializer(this IServiceCollection services, Action<ISerializerBuilder>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddOptions();
        services.TryAddSingleton(SerializerSessionPool.Create);
        services.TryAddSingleton<Serializer>();
        services.TryAddSingleton(typeof(Serializer<>));
        services.TryAddSingleton(provider => new DeepCopier(provider.GetRequiredService<SerializerSessionPool>()));
        services.TryAddSingleton(typeof(DeepCopier<>), typeof(DeepCopier.Registered<>));
        configure?.Invoke(new SerializerBuilder(services));
        return services;
    }

    private sealed record SerializerBuilder(IServiceCollection Services) : ISerializerBuilder;
}

/// <summary>Configures the serializer.</summary>
public static class SerializerBuilderExtensions
{
    /// <summary>Sets which types may be named in messages.</summary>
    public static ISerializerBuilder Configure(this ISerializerBuilder builder, Action<TypeManifestOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.Configure(configure);
        return builder;
    }

    /// <summary>Makes the types of an assembly known. Those of the default load context are known without it.</summary>
    public static ISerializerBuilder AddAssembly(this ISerializerBuilder builder, Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return AssemblyLoadContext.GetLoadContext(assembly) == AssemblyLoadContext.Default
            ? builder
            : builder.Configure(options => options.Assemblies.Add(assembly));
    }
}
