using Microsoft.Extensions.DependencyInjection;

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
                .WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // No time is left; what still runs ends with the process.
        }
    }

    private Task StopNetworkAsync(CancellationToken cancellationToken)
    {
        Kill();
        return Task.CompletedTask;
    }
}
