namespace Orleans;

/// <summary>Shorter ways to add observers to a lifecycle.</summary>
public static class LifecycleExtensions
{
    /// <summary>Adds delegates for start and stop of a stage.</summary>
    public static IDisposable Subscribe(
        this ILifecycleObservable observable, string observerName, int stage, Func<CancellationToken, Task> onStart, Func<CancellationToken, Task>? onStop)
    {
        ArgumentNullException.ThrowIfNull(observable);
        ArgumentNullException.ThrowIfNull(onStart);
        return observable.Subscribe(observerName, stage, new DelegateObserver(onStart, onStop));
    }

    /// <summary>Adds a delegate for the start of a stage.</summary>
    public static IDisposable Subscribe(
        this ILifecycleObservable observable, string observerName, int stage, Func<CancellationToken, Task> onStart) =>
        observable.Subscribe(observerName, stage, onStart, null);

    /// <summary>Adds delegates for start and stop of a stage, named after a type.</summary>
    public static IDisposable Subscribe<TObserver>(
        this ILifecycleObservable observable, int stage, Func<CancellationToken, Task> onStart, Func<CancellationToken, Task>? onStop) =>
        observable.Subscribe(typeof(TObserver).FullName!, stage, onStart, onStop);

    /// <summary>Adds a delegate for the start of a stage, named after a type.</summary>
    public static IDisposable Subscribe<TObserver>(this ILifecycleObservable observable, int stage, Func<CancellationToken, Task> onStart) =>
        observable.Subscribe<TObserver>(stage, onStart, null);

    /// <summary>Adds an observer, named after a type.</summary>
    public static IDisposable Subscribe<TObserver>(this ILifecycleObservable observable, int stage, ILifecycleObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observable);
        return observable.Subscribe(typeof(TObserver).FullName!, stage, observer);
    }

    /// <summary>Adds an observer, named after its type.</summary>
    public static IDisposable Subscribe(this ILifecycleObservable observable, int stage, ILifecycleObserver observer)
    {
        ArgumentNullException.ThrowIfNull(observable);
        ArgumentNullException.ThrowIfNull(observer);
        return observable.Subscribe(observer.GetType().FullName!, stage, observer);
    }

    private sealed class DelegateObserver(Func<CancellationToken, Task> onStart, Func<CancellationToken, Task>? onStop) : ILifecycleObserver
    {
        public Task OnStart(CancellationToken cancellationToken = default) => onStart(cancellationToken);

        public Task OnStop(CancellationToken cancellationToken = default) => onStop?.Invoke(cancellationToken) ?? Task.CompletedTask;
    }
}
