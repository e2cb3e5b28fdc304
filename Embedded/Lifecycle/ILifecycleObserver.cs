namespace Orleans;

/// <summary>Takes part in one stage of a lifecycle.</summary>
public interface ILifecycleObserver
{
    /// <summary>The stage starts. An exception ends the start, and what has started is stopped.</summary>
    /// <param name="cancellationToken">Fires when the start is given up.</param>
    Task OnStart(CancellationToken cancellationToken = default);

    /// <summary>The stage stops. An exception is logged, and the stop goes on.</summary>
    /// <param name="cancellationToken">Fires when there is no time left for a graceful stop.</param>
    Task OnStop(CancellationToken cancellationToken = default);
}
