using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

/// <summary>A silo as one hosted service: checks the configuration, then runs the lifecycle.</summary>
/// <remarks>A token of <see cref="StopAsync"/> that has fired when it is called means: no graceful stop, only tell the membership.</remarks>
internal sealed partial class SiloHostedService(IServiceProvider services, ILogger<SiloHostedService> logger) : IHostedService
{
    private static readonly TimeSpan TimeToUndoStart = TimeSpan.FromSeconds(10);

    private SiloLifecycle? _lifecycle;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var validator in services.GetServices<IConfigurationValidator>())
        {
            validator.ValidateConfiguration();
        }

        // Only now: most services cannot be made from options that are wrong.
        var details = services.GetRequiredService<ILocalSiloDetails>();
        var lifecycle = _lifecycle = services.GetRequiredService<SiloLifecycle>();
        foreach (var participant in services.GetServices<ILifecycleParticipant<ISiloLifecycle>>())
        {
            participant.Participate(lifecycle);
        }

        try
        {
            await lifecycle.StartAsync(cancellationToken).ConfigureAwait(false);
            LogStarted(details.Name, details.SiloAddress);
        }
        catch (Exception exception)
        {
            LogStartFailed(exception, details.Name, details.SiloAddress);
            using var limit = new CancellationTokenSource(TimeToUndoStart);
            await lifecycle.StopAsync(limit.Token).ConfigureAwait(false);
            throw;
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_lifecycle is { } lifecycle)
        {
            await lifecycle.StopAsync(cancellationToken).ConfigureAwait(false);
            var details = services.GetRequiredService<ILocalSiloDetails>();
            LogStopped(details.Name, details.SiloAddress);
        }
    }

    [LoggerMessage(LogLevel.Information, "Silo {Name} ({Silo}) has started.")]
    private partial void LogStarted(string name, SiloAddress silo);

    [LoggerMessage(LogLevel.Information, "Silo {Name} ({Silo}) has stopped.")]
    private partial void LogStopped(string name, SiloAddress silo);

    [LoggerMessage(LogLevel.Error, "Silo {Name} ({Silo}) could not start; what has started is stopped.")]
    private partial void LogStartFailed(Exception exception, string name, SiloAddress silo);
}
