namespace Orleans.Runtime;

/// <summary>What takes part in activating and deactivating one activation. Used on its turns.</summary>
internal sealed class ActivationLifecycle : IGrainLifecycle
{
    private readonly List<Subscription> _subscriptions = [];
    private int _lastStage;

    public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
    {
        var subscription = new Subscription(this, stage, observer);
        _subscriptions.Add(subscription);
        return subscription;
    }

    /// <summary>Starts the stages from low to high.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _lastStage = int.MinValue;
        foreach (var stage in _subscriptions.GroupBy(subscription => subscription.Stage).OrderBy(stage => stage.Key).ToList())
        {
            _lastStage = stage.Key;
            await Task.WhenAll(stage.Select(subscription => subscription.Observer.OnStart(cancellationToken)));
        }
    }

    /// <summary>Stops the stages that were started, from high to low. All are stopped, also after a failure.</summary>
    public async Task StopAsync(Action<Exception> onError, CancellationToken cancellationToken)
    {
        var started = _subscriptions.Where(subscription => subscription.Stage <= _lastStage);
        foreach (var stage in started.GroupBy(subscription => subscription.Stage).OrderByDescending(stage => stage.Key).ToList())
        {
            try
            {
                await Task.WhenAll(stage.Select(subscription => subscription.Observer.OnStop(cancellationToken)));
            }
            catch (Exception exception)
            {
                onError(exception);
            }
        }
    }

    private sealed record Subscription(ActivationLifecycle Owner, int Stage, ILifecycleObserver Observer) : IDisposable
    {
        public void Dispose() => Owner._subscriptions.RemoveAll(other => ReferenceEquals(other, this));
    }
}
