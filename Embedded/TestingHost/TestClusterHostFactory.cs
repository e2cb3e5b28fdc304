using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace Orleans.TestingHost;

/// <summary>Makes the hosts of a <see cref="TestCluster"/>.</summary>
public class TestClusterHostFactory
{
    /// <summary>Makes a silo's host. It is not started.</summary>
    /// <param name="hostName">Name of the silo.</param>
    /// <param name="configuration">Options of the cluster and of the silo.</param>
    /// <param name="postConfigureHostBuilder">Called last.</param>
    public static IHost CreateSiloHost(string hostName, IConfiguration configuration, Action<IHostBuilder>? postConfigureHostBuilder = null)
    {
        var builder = CreateHostBuilder(configuration);
        builder.UseOrleans((_, silo) =>
        {
            var options = configuration.GetTestClusterOptions();
            silo.Configure<ClusterOptions>(cluster =>
            {
                cluster.ClusterId = options.ClusterId;
                cluster.ServiceId = options.ServiceId;
            });
            silo.Configure<SiloOptions>(names => names.SiloName = configuration[nameof(TestSiloSpecificOptions.SiloName)] ?? hostName);
            silo.ConfigureEndpoints(
                IPAddress.Loopback,
                configuration.GetValue<int>(nameof(TestSiloSpecificOptions.SiloPort)),
                configuration.GetValue<int>(nameof(TestSiloSpecificOptions.GatewayPort)));
            silo.Services.AddSingleton<IFatalErrorHandler, TestFatalErrorHandler>();
            silo.Configure<SiloMessagingOptions>(messaging => messaging.AssumeHomogenousSilosForTesting = options.AssumeHomogenousSilosForTesting);
            foreach (var configurator in Create(configuration, nameof(TestClusterOptions.SiloBuilderConfiguratorTypes)).OfType<ISiloConfigurator>())
            {
                configurator.Configure(silo);
            }
        });
        Apply<IHostConfigurator>(configuration, nameof(TestClusterOptions.SiloBuilderConfiguratorTypes), configurator => configurator.Configure(builder));
        postConfigureHostBuilder?.Invoke(builder);
        return builder.Build();
    }

    /// <summary>Makes a client's host. It is not started.</summary>
    /// <param name="hostName">Name of the client.</param>
    /// <param name="configuration">Options of the cluster.</param>
    /// <param name="postConfigureHostBuilder">Called last.</param>
    public static IHost CreateClusterClient(string hostName, IConfiguration configuration, Action<IHostBuilder>? postConfigureHostBuilder = null)
    {
        var builder = CreateHostBuilder(configuration);
        builder.UseOrleansClient((_, client) =>
        {
            var options = configuration.GetTestClusterOptions();
            client.Configure<ClusterOptions>(cluster =>
            {
                cluster.ClusterId = options.ClusterId;
                cluster.ServiceId = options.ServiceId;
            });
            foreach (var configurator in Create(configuration, nameof(TestClusterOptions.ClientBuilderConfiguratorTypes)).OfType<IClientBuilderConfigurator>())
            {
                configurator.Configure(configuration, client);
            }
        });
        Apply<IHostConfigurator>(configuration, nameof(TestClusterOptions.ClientBuilderConfiguratorTypes), configurator => configurator.Configure(builder));
        postConfigureHostBuilder?.Invoke(builder);
        return builder.Build();
    }

    private static HostBuilder CreateHostBuilder(IConfiguration configuration)
    {
        var builder = new HostBuilder();
        builder.Properties[TestClusterExtensions.ConfigurationKey] = configuration;
        builder.ConfigureHostConfiguration(host => host.AddConfiguration(configuration));
        builder.ConfigureServices(services =>
        {
            services.AddLogging();
            services.AddSingleton<IHostLifetime, NoLifetime>();
        });
        return builder;
    }

    private static void Apply<T>(IConfiguration configuration, string key, Action<T> action)
    {
        foreach (var configurator in Create(configuration, key).OfType<T>())
        {
            action(configurator);
        }
    }

    private static IEnumerable<object> Create(IConfiguration configuration, string key)
    {
        foreach (var entry in configuration.GetSection(key).GetChildren())
        {
            var type = Type.GetType(entry.Value!)
                ?? throw new InvalidOperationException($"Configurator '{entry.Value}' cannot be loaded. "
                    + "Make its assembly part of the test's output.");
            yield return Activator.CreateInstance(type)!;
        }
    }

    // A test's process is not stopped by signals to a host within it.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
