using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Services;

namespace Orleans.Runtime;

/// <summary>Makes, starts and stops the grain services of a silo with it.</summary>
internal sealed partial class GrainServiceLifecycle(IServiceProvider services, SiloRuntime runtime, ILogger<GrainServiceLifecycle> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly List<GrainService> _services = [];

    void ILifecycleParticipant<ISiloLifecycle>.Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe(nameof(GrainServiceLifecycle), ServiceLifecycleStage.RuntimeGrainServices, InitAsync);
        lifecycle.Subscribe(nameof(GrainServiceLifecycle), ServiceLifecycleStage.Active, StartAsync, StopAsync);
    }

    private async Task InitAsync(CancellationToken cancellationToken)
    {
        foreach (var service in services.GetServices<IGrainService>().OfType<GrainService>())
        {
            runtime.RegisterSystemTarget(service);
            _services.Add(service);
            await service.RunAsync(() => service.Init(services)).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var service in _services)
        {
            await service.RunAsync(service.Start).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var service in _services)
        {
            try
            {
                await service.RunAsync(service.Stop).WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                LogStopFailed(logger, service.GrainId, exception);
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "Grain service {Service} did not stop in time or failed. The silo goes on stopping.")]
    private static partial void LogStopFailed(ILogger logger, GrainId service, Exception exception);
}
