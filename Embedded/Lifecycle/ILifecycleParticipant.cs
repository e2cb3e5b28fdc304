namespace Orleans;

/// <summary>A service that adds itself to a lifecycle. Register it as a singleton under this interface.</summary>
public interface ILifecycleParticipant<TLifecycleObservable>
    where TLifecycleObservable : ILifecycleObservable
{
    /// <summary>Called once, before the lifecycle starts.</summary>
    void Participate(TLifecycleObservable lifecycle);
}
