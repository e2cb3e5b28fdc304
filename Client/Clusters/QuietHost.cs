using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Dpark.Clusters;

/// <summary>Begins hosts that belong to a context: nothing of the program's own configuration, environment or console is read or changed.</summary>
internal static class QuietHost
{
    /// <summary>Makes a builder without any defaults.</summary>
    /// <param name="loggers">The caller's, which does not end with the host; <see langword="null"/> for lines on standard error.</param>
    /// <param name="minimumLevel">What standard error gets.</param>
    public static HostApplicationBuilder CreateBuilder(string applicationName, ILoggerFactory? loggers, LogLevel minimumLevel)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true, ApplicationName = applicationName });
        AddLogging(builder.Services, loggers, minimumLevel);

        // The process does not end with this host, and Ctrl-C is the program's own.
        builder.Services.Replace(ServiceDescriptor.Singleton<IHostLifetime, NoLifetime>());
        return builder;
    }

    /// <summary>Adds the loggers of such a host.</summary>
    /// <param name="loggers">The caller's, which does not end with the host; <see langword="null"/> for lines on standard error.</param>
    /// <param name="minimumLevel">What standard error gets.</param>
    public static void AddLogging(IServiceCollection services, ILoggerFactory? loggers, LogLevel minimumLevel)
    {
        services.AddLogging(logging =>
        {
            if (loggers is null)
            {
                logging.SetMinimumLevel(minimumLevel).AddProvider(new StandardErrorLoggerProvider());
            }
        });
        if (loggers is not null)
        {
            services.Replace(ServiceDescriptor.Singleton<ILoggerFactory>(new SharedLoggerFactory(loggers)));
        }
    }

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>The caller's factory, which does not end with the host.</summary>
    private sealed class SharedLoggerFactory(ILoggerFactory loggers) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => loggers.CreateLogger(categoryName);

        public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

        public void Dispose()
        {
        }
    }
}
