namespace Orleans.Runtime;

/// <summary>An activation that can have timers.</summary>
internal interface IGrainTimerHost
{
    IGrainTimer RegisterTimer<TState>(Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options);
}
