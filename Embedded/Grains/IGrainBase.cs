using Orleans.Runtime;

namespace Orleans;

/// <summary>What a grain class implements, directly or through <see cref="Grain"/>.</summary>
public interface IGrainBase
{
    /// <summary>The activation that holds the object.</summary>
    IGrainContext GrainContext { get; }

    /// <summary>Runs before the first request. An exception is the answer to every request that waits for the activation.</summary>
    /// <param name="token">Cancelled when the time for activating is up.</param>
    Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;

    /// <summary>Runs after the last request. Best effort: not when the process dies. Exceptions are logged.</summary>
    /// <param name="token">Cancelled when the time for deactivating is up.</param>
    Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
}
