using Orleans.Runtime;

namespace Orleans;

/// <summary>The usual base class of grains. Its members are for the activation's own turns.</summary>
public abstract class Grain : IGrainBase, IAddressable
{
    /// <summary>Takes the activation from the runtime that constructs the grain; outside one there is none, and members that need it fail.</summary>
    protected Grain()
        : this(RuntimeContext.Current!)
    {
    }

    /// <summary>For tests that construct a grain themselves.</summary>
    protected Grain(IGrainContext grainContext, IGrainRuntime? grainRuntime = null)
    {
        GrainContext = grainContext;
        Runtime = grainRuntime ?? grainContext?.GetComponent<IGrainRuntime>();
    }

    /// <inheritdoc/>
    public IGrainContext GrainContext { get; private set; }

    /// <summary>The reference to this grain.</summary>
    public GrainReference GrainReference => GrainContext.GrainReference;

    /// <summary>The id of this grain as text.</summary>
    public string IdentityString => GrainContext?.GrainId.ToString() ?? "";

    /// <summary>The address of the silo as text.</summary>
    public string RuntimeIdentity => Runtime?.SiloIdentity ?? "";

    internal IGrainRuntime? Runtime { get; }

    /// <summary>Makes references to other grains.</summary>
    protected IGrainFactory GrainFactory => RequireRuntime().GrainFactory;

    /// <summary>The services of this activation: a scope that ends with it.</summary>
    protected internal IServiceProvider ServiceProvider => GrainContext?.ActivationServices ?? RequireRuntime().ServiceProvider;

    /// <inheritdoc/>
    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Deactivates this activation as soon as its running requests have ended; requests that wait go to the next one.</summary>
    protected void DeactivateOnIdle() => RequireRuntime().DeactivateOnIdle(GrainContext);

    /// <summary>Like <see cref="DeactivateOnIdle"/>: migration is not offered, so the next call places the grain anew.</summary>
    protected void MigrateOnIdle() => GrainContext.Migrate(null);

    /// <summary>Keeps this activation at least so long. Not above zero: takes an earlier wish back. Maximum or infinite: for ever.</summary>
    protected void DelayDeactivation(TimeSpan timeSpan) => RequireRuntime().DelayDeactivation(GrainContext, timeSpan);

    /// <summary>Starts a timer whose ticks interleave with requests.</summary>
    /// <param name="asyncCallback">Called with <paramref name="state"/>.</param>
    /// <param name="dueTime">From now to the first tick.</param>
    /// <param name="period">From the end of a tick to the next. Infinite: one tick.</param>
    /// <returns>Stops the timer when it is disposed.</returns>
    [Obsolete("Use 'this.RegisterGrainTimer(...)' instead. Its ticks do not interleave with requests unless told to.")]
    protected IDisposable RegisterTimer(Func<object?, Task> asyncCallback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(asyncCallback);
        return this.RegisterGrainTimer(asyncCallback, state, new GrainTimerCreationOptions(dueTime, period) { Interleave = true });
    }

    private IGrainRuntime RequireRuntime() =>
        Runtime ?? throw new InvalidOperationException(
            $"Grain {GetType()} was not created by the runtime. Call this from a grain's own code after it was constructed by a silo.");
}
