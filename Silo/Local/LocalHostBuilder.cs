using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dpark;

/// <summary>Begins the host of a local run, which has a silo and nothing else. Not thread-safe.</summary>
/// <remarks>
/// Stands in for the framework's builder, also the empty one: that prepares files, metrics and a host with stages for services that do not exist here, which is a
/// tenth of the start. Nothing of the program's own configuration, environment or console is read or changed.
/// </remarks>
internal sealed class LocalHostBuilder : IHostApplicationBuilder
{
    private readonly IConfigurationManager _configuration = new ConfigurationManager();
    private readonly ServiceCollection _services = [];

    public LocalHostBuilder(string applicationName)
    {
        Environment = new LocalHostEnvironment(applicationName);
        _services.AddSingleton<IConfiguration>(_ => _configuration);
        _services.AddSingleton(Environment);
        _services.AddSingleton<LocalHostLifetime>();
        _services.AddSingleton<IHostApplicationLifetime>(provider => provider.GetRequiredService<LocalHostLifetime>());
    }

    public IDictionary<object, object> Properties { get; } = new Dictionary<object, object>();

    public IConfigurationManager Configuration => _configuration;

    public IHostEnvironment Environment { get; }

    [field: MaybeNull]
    public ILoggingBuilder Logging => field ??= new LoggingBuilder(_services);

    [field: MaybeNull]
    public IMetricsBuilder Metrics => field ??= new MetricsBuilder(_services.AddMetrics());

    public IServiceCollection Services => _services;

    /// <exception cref="NotSupportedException">Always: the container is the framework's own.</exception>
    public void ConfigureContainer<TContainerBuilder>(IServiceProviderFactory<TContainerBuilder> factory, Action<TContainerBuilder>? configure = null)
        where TContainerBuilder : notnull => throw new NotSupportedException("A local run has the container of the framework.");

    /// <summary>Makes the host. Called once.</summary>
    public LocalServiceHost Build()
    {
        _services.MakeReadOnly();
        return new LocalServiceHost(_services.BuildServiceProvider());
    }

    private sealed record LoggingBuilder(IServiceCollection Services) : ILoggingBuilder;

    private sealed record MetricsBuilder(IServiceCollection Services) : IMetricsBuilder;

    private sealed class LocalHostEnvironment(string applicationName) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = Microsoft.Extensions.Hosting.Environments.Production;

        public string ApplicationName { get; set; } = applicationName;

        public string ContentRootPath { get; set; } = AppContext.BaseDirectory;

        [field: MaybeNull]
        public IFileProvider ContentRootFileProvider
        {
            get => field ??= new NullFileProvider();
            set;
        }
    }
}
