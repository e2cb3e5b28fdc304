namespace Orleans;

/// <summary>A lifecycle of ordered stages.</summary>
public interface ILifecycleObservable
{
    /// <summary>Adds an observer. It must be added before its stage starts.</summary>
    /// <param name="observerName">Names the observer in logs and errors.</param>
    /// <param name="stage">A number such as those of <see cref="ServiceLifecycleStage"/>.</param>
    /// <returns>Removes the observer when it is disposed.</returns>
    IDisposable Subscribe(string observerName, int stage, ILifecycleObserver observer);
}
