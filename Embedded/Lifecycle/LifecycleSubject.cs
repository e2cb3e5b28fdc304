using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Orleans;

/// <summary>Runs observers stage by stage. Subscribing is thread-safe; start and stop are called once each.</summary>
/// <remarks>Part of every start, so plain loops: queries over numbers are code to compile.</remarks>
internal abstract partial class LifecycleSubject(ILogger logger) : ILifecycleObservable
{
    private readonly Lock _gate = new();
    private ImmutableList<Subscription> _subscriptions = [];
    private int? _highestStage;
    private bool _isStopped;

    /// <summary>Adds an observer.</summary>
    /// <exception cref="InvalidOperationException">The stage has started.</exception>
    public IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        lock (_gate)
        {
            if (_isStopped || _highestStage >= stage)
            {
                throw new InvalidOperationException($"Stage {stage} has begun already, so '{observerName}' comes too late. "
                    + "Subscribe before the start.");
            }

            var subscription = new Subscription(this, observerName, stage, observer);
            _subscriptions = _subscriptions.Add(subscription);
            return subscription;
        }
    }

    /// <summary>Starts the stages in ascending order; observers of one stage start together. The first failure ends the start.</summary>
    /// <exception cref="OrleansLifecycleCanceledException">The token fired.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        while (NextStage() is { } stage)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                throw new OrleansLifecycleCanceledException($"The start was cancelled before stage {stage}.");
            }

            await RunAsync(stage, subscription => StartAsync(subscription, cancellationToken)).ConfigureAwait(false);
            OnStageStarted(stage);
        }
    }

    /// <summary>Stops the stages that have begun to start, in descending order. Failures are logged. A second call does nothing.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        int[] stages;
        lock (_gate)
        {
            stages = _isStopped ? [] : StartedStages();
            _isStopped = true;
        }

        foreach (var stage in stages)
        {
            await RunAsync(stage, subscription => StopAsync(subscription, cancellationToken)).ConfigureAwait(false);
            OnStageStopped(stage);
        }
    }

    protected virtual void OnStageStarted(int stage)
    {
    }

    protected virtual void OnStageStopped(int stage)
    {
    }

    private int? NextStage()
    {
        lock (_gate)
        {
            int? next = null;
            foreach (var subscription in _subscriptions)
            {
                if ((_highestStage is null || subscription.Stage > _highestStage) && (next is null || subscription.Stage < next))
                {
                    next = subscription.Stage;
                }
            }

            _highestStage = next ?? _highestStage;
            return next;
        }
    }

    /// <summary>In descending order.</summary>
    private int[] StartedStages()
    {
        var stages = new HashSet<int>();
        foreach (var subscription in _subscriptions)
        {
            if (subscription.Stage <= _highestStage)
            {
                stages.Add(subscription.Stage);
            }
        }

        int[] result = [.. stages];
        Array.Sort(result);
        Array.Reverse(result);
        return result;
    }

    private Task RunAsync(int stage, Func<Subscription, Task> action)
    {
        var tasks = new List<Task>();
        foreach (var subscription in Volatile.Read(ref _subscriptions))
        {
            if (subscription.Stage == stage)
            {
                tasks.Add(action(subscription));
            }
        }

        return Task.WhenAll(tasks);
    }

    private async Task StartAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        try
        {
            await subscription.Observer.OnStart(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogStartFailed(exception, subscription.Name, subscription.Stage);
            throw;
        }
    }

    private async Task StopAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        try
        {
            await subscription.Observer.OnStop(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogStopFailed(exception, subscription.Name, subscription.Stage);
        }
    }

    private readonly ILogger _logger = logger;

    [LoggerMessage(LogLevel.Error, "{Observer} could not start at stage {Stage}; the start ends.")]
    private partial void LogStartFailed(Exception exception, string observer, int stage);

    [LoggerMessage(LogLevel.Warning, "{Observer} could not stop at stage {Stage}; the stop goes on.")]
    private partial void LogStopFailed(Exception exception, string observer, int stage);

    private sealed class Subscription(LifecycleSubject subject, string name, int stage, ILifecycleObserver observer) : IDisposable
    {
        public string Name { get; } = name;

        public int Stage { get; } = stage;

        public ILifecycleObserver Observer { get; } = observer;

        public void Dispose()
        {
            lock (subject._gate)
            {
                subject._subscriptions = subject._subscriptions.Remove(this);
            }
        }
    }
}
