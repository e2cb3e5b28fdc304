using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>One activation. Its members may be used from any thread unless they say otherwise.</summary>
public interface IGrainContext : ITargetHolder, IEquatable<IGrainContext>
{
    /// <summary>A reference to the grain.</summary>
    GrainReference GrainReference { get; }

    /// <summary>The grain.</summary>
    GrainId GrainId { get; }

    /// <summary>The grain's object; null before it is constructed.</summary>
    object? GrainInstance { get; }

    /// <summary>The activation.</summary>
    ActivationId ActivationId { get; }

    /// <summary>Grain, activation and silo.</summary>
    GrainAddress Address { get; }

    /// <summary>The services of this activation: a scope that ends with it.</summary>
    IServiceProvider ActivationServices { get; }

    /// <summary>What takes part in activating and deactivating.</summary>
    IGrainLifecycle ObservableLifecycle { get; }

    /// <summary>Runs turns of this activation.</summary>
    IWorkItemScheduler Scheduler { get; }

    /// <summary>Completes when the activation has ended.</summary>
    Task Deactivated { get; }

    /// <summary>Adds an object that <see cref="ITargetHolder.GetComponent"/> finds by its type; null removes it.</summary>
    void SetComponent<TComponent>(TComponent? value)
        where TComponent : class;

    /// <summary>Begins to end the activation: when the running requests have ended. Returns at once.</summary>
    /// <param name="cancellationToken">When cancelled, nothing more is waited for.</param>
    void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);

    /// <summary>Like <see cref="Deactivate"/>: migration is not offered, so the next call places the grain anew.</summary>
    void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default);
}

/// <summary>Finds the activation whose turn runs here.</summary>
public interface IGrainContextAccessor
{
    /// <summary>The activation; null outside of one.</summary>
    IGrainContext? GrainContext { get; }
}

/// <summary>Runs work one after the other, as turns of an activation.</summary>
public interface IWorkItemScheduler
{
    /// <summary>Queues a turn.</summary>
    void QueueAction(Action action);

    /// <summary>Queues a turn.</summary>
    void QueueAction(Action<object?> action, object? state);

    /// <summary>Queues a task that was not started.</summary>
    void QueueTask(Task task);
}

/// <summary>Ends activations.</summary>
public static class GrainContextExtensions
{
    /// <summary>Ends the activation and completes when it has ended.</summary>
    public static Task DeactivateAsync(this IGrainContext grainContext, DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(grainContext);
        grainContext.Deactivate(deactivationReason, cancellationToken);
        return grainContext.Deactivated;
    }
}

/// <summary>Typed access to components.</summary>
public static class TargetHolderExtensions
{
    /// <summary>The component of the type; null if there is none.</summary>
    public static TComponent? GetComponent<TComponent>(this ITargetHolder targetHolder)
        where TComponent : class
    {
        ArgumentNullException.ThrowIfNull(targetHolder);
        return targetHolder.GetComponent(typeof(TComponent)) as TComponent;
    }
}
