namespace Orleans.Runtime;

internal sealed partial class Activation
{
    public IGrainTimer RegisterTimer<TState>(Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    {
        var timer = new GrainTimer<TState>(this, Runtime.TimeProvider, callback, state, options);
        bool isLate;
        lock (_gate)
        {
            isLate = _state is ActivationState.Deactivating or ActivationState.Invalid;
            if (!isLate)
            {
                (_timers ??= []).Add(timer);
            }
        }

        if (isLate)
        {
            timer.Dispose();
        }

        return timer;
    }

    public void RemoveTimer(IDisposable timer)
    {
        lock (_gate)
        {
            _timers?.Remove(timer);
        }
    }

    private void StopTimers()
    {
        List<IDisposable> timers;
        lock (_gate)
        {
            timers = _timers ?? [];
            _timers = null;
        }

        foreach (var timer in timers)
        {
            timer.Dispose();
        }
    }
}
