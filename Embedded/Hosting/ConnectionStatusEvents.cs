using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans.Hosting;

/// <summary>Tells the application's handlers about the connections of a client, in the order of the changes.</summary>
internal sealed partial class ConnectionStatusEvents(
    ClientRuntime runtime,
    IEnumerable<ConnectionToClusterLostHandler> lostHandlers,
    IEnumerable<GatewayCountChangedHandler> countHandlers,
    IEnumerable<IClusterConnectionStatusObserver> observers,
    ILogger<ConnectionStatusEvents> logger) : ILifecycleParticipant<IClusterClientLifecycle>
{
    private readonly Lock _gate = new();
    private int _count;

    void ILifecycleParticipant<IClusterClientLifecycle>.Participate(IClusterClientLifecycle lifecycle) => runtime.GatewayCountChanged += OnChanged;

    private void OnChanged(int count)
    {
        lock (_gate)
        {
            var previous = _count;
            if (count == previous)
            {
                return;
            }

            _count = count;
            var change = new GatewayCountChangedEventArgs(count, previous);
            foreach (var handler in countHandlers)
            {
                Tell(() => handler(runtime, change));
            }

            foreach (var observer in observers)
            {
                Tell(() => observer.NotifyGatewayCountChanged(count, previous, change.ConnectionRecovered));
            }

            if (count == 0)
            {
                foreach (var handler in lostHandlers)
                {
                    Tell(() => handler(runtime, EventArgs.Empty));
                }

                foreach (var observer in observers)
                {
                    Tell(observer.NotifyClusterConnectionLost);
                }
            }
        }
    }

    private void Tell(Action handler)
    {
        try
        {
            handler();
        }
        catch (Exception exception)
        {
            LogHandlerFailed(logger, exception);
        }
    }

    [LoggerMessage(LogLevel.Error, "A handler of the client's connections failed. The client goes on.")]
    private static partial void LogHandlerFailed(ILogger logger, Exception exception);
}
