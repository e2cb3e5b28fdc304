using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

internal sealed partial class SiloRuntime : ILifecycleParticipant<ISiloLifecycle>, ISiloStatusListener
{
    private IDisposable? _listener;

    void ILifecycleParticipant<ISiloLifecycle>.Participate(ISiloLifecycle lifecycle)
    {
        lifecycle.Subscribe(nameof(SiloRuntime), ServiceLifecycleStage.RuntimeInitialize, StartAsync, StopNetworkAsync);
        lifecycle.Subscribe("activations", ServiceLifecycleStage.GrainDeactivation, static _ => Task.CompletedTask, DeactivateAllAsync);
        lifecycle.Subscribe("gateway", ServiceLifecycleStage.Active, StartGatewayAsync, StopGatewayAsync);
    }

    /// <summary>Ends the silo as if the process had died: nothing is told to anybody.</summary>
    public void Kill()
    {
        _isStopped = true;
        _listener?.Dispose();
        Gateway.Stop();
        Silos.Close();
        Pending.Close(ShuttingDown);
        Catalog.Dispose();
        foreach (var activation in Catalog.All)
        {
            activation.Abandon();
        }
    }

    public void SiloStatusChangeNotification(SiloAddress updatedSilo, SiloStatus status)
    {
        if (status == SiloStatus.Dead && !updatedSilo.Equals(Silo))
        {
            Silos.Close(updatedSilo);
            Pending.FailCallsTo(updatedSilo);
            Gateway.ForgetRoutesOver(updatedSilo);
        }
    }

    public void Dispose()
    {
        if (!_isStopped)
        {
            Kill();
        }

        Pending.Dispose();
        Catalog.Dispose();
    }

    private Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var target in Services.GetServices<SystemTarget>())
        {
            RegisterSystemTarget(target);
        }

        Oracle.SubscribeToSiloStatusEvents(this);
        _listener = Silos.Listen();
        return Task.CompletedTask;
    }

    private Task StartGatewayAsync(CancellationToken cancellationToken)
    {
        Gateway.Start();
        return Task.CompletedTask;
    }

    private Task StopGatewayAsync(CancellationToken cancellationToken)
    {
        Gateway.StopAccepting();
        return Task.CompletedTask;
    }

    private async Task DeactivateAllAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            Kill();
            return;
        }

        try
        {
            await Catalog.DeactivateAllAsync(new DeactivationReason(DeactivationReasonCode.ShuttingDown, "The silo stops."), cancellationToken)
                .WaitAsync(CollectionOptions.DeactivationTimeout + TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
        {
            // No time is left, or a grain blocks its thread; what still runs ends with the process.
            LogNotDeactivated(Logger, Catalog.Count);
        }
    }

    private Task StopNetworkAsync(CancellationToken cancellationToken)
    {
        Kill();
        return Task.CompletedTask;
    }

    [LoggerMessage(LogLevel.Warning, "The silo stops although {Count} activations have not ended.")]
    private static partial void LogNotDeactivated(ILogger logger, int count);
}
