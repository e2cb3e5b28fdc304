using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Orleans.Runtime;

internal sealed partial class SiloRuntime : ILifecycleParticipant<ISiloLifecycle>, ISiloStatusListener
{
    /// <summary>How long a silo that leaves waits for those who may still send to it.</summary>
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(2);

    /// <summary>How long others wait for answers to what a silo that has left was to send on.</summary>
    private static readonly TimeSpan SentOnLimit = TimeSpan.FromSeconds(10);

    private static readonly DeactivationReason Stops = new(DeactivationReasonCode.ShuttingDown, "The silo stops.");

    private readonly ConcurrentDictionary<SiloAddress, bool> _leaving = new();
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
        if (updatedSilo.Equals(Silo))
        {
            return;
        }

        if (status == SiloStatus.ShuttingDown)
        {
            _leaving.TryAdd(updatedSilo, true);
        }
        else if (status == SiloStatus.Dead)
        {
            if (_leaving.TryRemove(updatedSilo, out _))
            {
                Silos.SayFarewell(updatedSilo);
                Gateway.ForgetRoutesOver(updatedSilo);
                _ = PartWithLeaverAsync(updatedSilo);
            }
            else
            {
                Silos.Close(updatedSilo);
                Gateway.ForgetRoutesOver(updatedSilo);
                Pending.FailCallsTo(updatedSilo);
            }
        }
    }

    /// <summary>Ends the calls that a silo which has left neither answered nor sent on. What it has sent on is answered by others, a moment later.</summary>
    private async Task PartWithLeaverAsync(SiloAddress leaver)
    {
        await Task.Delay(SentOnLimit, TimeProvider).ConfigureAwait(false);
        Silos.Close(leaver);
        Pending.FailCallsTo(leaver);
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
            await Catalog.DeactivateAllAsync(Stops, cancellationToken)
                .WaitAsync(CollectionOptions.DeactivationTimeout + TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
        {
            // No time is left, or a grain blocks its thread; what still runs ends with the process.
            LogNotDeactivated(Logger, Catalog.Count);
        }

        // From here on clients send nothing more.
        await WaitAtMostAsync(Gateway.WaitForClientsAsync(), cancellationToken).ConfigureAwait(false);
    }

    private async Task StopNetworkAsync(CancellationToken cancellationToken)
    {
        if (!_isStopped)
        {
            // The silo is dead to the others as soon as they hear of it. What they sent before is sent on, and their answers for clients go on, until each has said farewell.
            await WaitAtMostAsync(Silos.WaitForPeersAsync(), cancellationToken).ConfigureAwait(false);
            await WaitAtMostAsync(Task.WhenAll(_unaddressed.WaitForNoneAsync(), UnderWay.WaitForNoneAsync()), cancellationToken).ConfigureAwait(false);
            await WaitAtMostAsync(Silos.WaitForConnectsAsync(), cancellationToken).ConfigureAwait(false);
        }

        Kill();
    }

    /// <summary>Waits for somebody else, who may hang, be gone, or need what is still to be stopped here.</summary>
    private async Task WaitAtMostAsync(Task task, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(LeaveLimit, TimeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TimeoutException)
        {
            LogNotWaited(Logger, LeaveLimit);
        }
    }

    [LoggerMessage(LogLevel.Warning, "The silo stops although {Count} activations have not ended.")]
    private static partial void LogNotDeactivated(ILogger logger, int count);

    [LoggerMessage(LogLevel.Information, "A client or silo still uses its connection to this silo, which leaves and has waited for {Limit} at most. Calls that are under way there may end with an error.")]
    private static partial void LogNotWaited(ILogger logger, TimeSpan limit);
}
