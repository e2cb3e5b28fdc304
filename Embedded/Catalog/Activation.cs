using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;

namespace Orleans.Runtime;

/// <summary>One activation of a grain on this silo: its object, its queue of requests, its life. Thread-safe but where a member says that it is for turns.</summary>
/// <remarks>
/// Life: <c>Activating</c> (constructed, registered in the directory, lifecycle stages, <c>OnActivateAsync</c>) → <c>Valid</c> (requests run) →
/// <c>Deactivating</c> (running requests end, <c>OnDeactivateAsync</c>, stages down, unregistered) → <c>Invalid</c>. Requests that arrive before Valid wait;
/// those that wait or arrive after it are sent on to wherever the grain is next. Every step but the bookkeeping runs as a turn of <see cref="Turns"/>.
/// <para>
/// For those who change it: state, queue and running requests change under the lock <c>_gate</c> only, and nothing is called under it but the interleaving
/// predicate of the class. A request leaves through exactly one of <c>Respond</c>, <c>Reroute</c> and dropping because it is expired or one-way.
/// </para>
/// </remarks>
internal sealed partial class Activation : IGrainContext, ICallChainReentrantGrainContext, IGrainExtensionBinder, IGrainTimerHost, IGrainManagementExtension
{
    private readonly Lock _gate = new();
    private Dictionary<Type, object>? _components;
    private AsyncServiceScope? _scope;
    private ActivationLifecycle? _lifecycle;
    private GrainReference? _reference;
    private AsyncEnumerableGrainExtension? _enumerations;

    public Activation(SiloRuntime silo, GrainClass grainClass, GrainId grain, IActivationOwner owner)
    {
        Runtime = silo;
        Class = grainClass;
        _owner = owner;
        Address = new GrainAddress { GrainId = grain, ActivationId = ActivationId.NewId(), SiloAddress = silo.Silo };
        Turns = new TurnScheduler(this, silo.TurnSettings);
        _lastUsed = Environment.TickCount64;
    }

    public SiloRuntime Runtime { get; }

    public GrainClass Class { get; }

    public TurnScheduler Turns { get; }

    public GrainAddress Address { get; private set; }

    public GrainId GrainId => Address.GrainId;

    public ActivationId ActivationId => Address.ActivationId;

    public object? GrainInstance { get; private set; }

    public GrainReference GrainReference => _reference ??= Runtime.GetReference(GrainId);

    public IServiceProvider SiloServices => Runtime.Services;

    /// <summary>A scope that is made when it is first asked for. For turns.</summary>
    public IServiceProvider ActivationServices => (_scope ??= Runtime.Services.CreateAsyncScope()).ServiceProvider;

    public IGrainLifecycle ObservableLifecycle => _lifecycle ??= new ActivationLifecycle();

    public IWorkItemScheduler Scheduler => Turns;

    public Task Deactivated
    {
        get
        {
            lock (_gate)
            {
                return _hasEnded ? Task.CompletedTask : (_deactivated ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    public object? GetTarget() => GrainInstance;

    public object? GetComponent(Type componentType)
    {
        lock (_gate)
        {
            if (_components is not null && _components.TryGetValue(componentType, out var component))
            {
                return component;
            }
        }

        if (componentType.IsInstanceOfType(GrainInstance))
        {
            return GrainInstance;
        }

        if (componentType == typeof(IGrainRuntime))
        {
            return Runtime;
        }

        if (componentType.IsInstanceOfType(this))
        {
            return this;
        }

        if (componentType == typeof(IAsyncEnumerableGrainExtension))
        {
            return _enumerations ??= new AsyncEnumerableGrainExtension(this, Turns, Runtime);
        }

        return typeof(IGrainExtension).IsAssignableFrom(componentType) ? CreateExtension(componentType) : null;
    }

    public void SetComponent<TComponent>(TComponent? value)
        where TComponent : class
    {
        lock (_gate)
        {
            if (value is null)
            {
                _components?.Remove(typeof(TComponent));
            }
            else
            {
                (_components ??= [])[typeof(TComponent)] = value;
            }
        }
    }

    public TExtensionInterface GetExtension<TExtensionInterface>()
        where TExtensionInterface : class, IGrainExtension =>
        GetComponent(typeof(TExtensionInterface)) as TExtensionInterface
        ?? throw new GrainExtensionNotInstalledException(
            $"Grain {GrainId} has no implementation of {typeof(TExtensionInterface)}. Add one with AddGrainExtension, or install one with GetOrSetExtension.");

    public (TExtension Extension, TExtensionInterface Reference) GetOrSetExtension<TExtension, TExtensionInterface>(Func<TExtension> newExtensionFunc)
        where TExtension : class, TExtensionInterface
        where TExtensionInterface : class, IGrainExtension
    {
        ArgumentNullException.ThrowIfNull(newExtensionFunc);
        if (GetComponent(typeof(TExtensionInterface)) is not TExtension extension)
        {
            extension = newExtensionFunc();
            SetComponent<TExtensionInterface>(extension);
        }

        return (extension, (TExtensionInterface)Runtime.GetReference(GrainId, typeof(TExtensionInterface)));
    }

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => ActivationId.GetHashCode();

    public override string ToString() => Address.ToString();

    ValueTask IGrainManagementExtension.DeactivateOnIdle()
    {
        Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "DeactivateOnIdle was called from outside."));
        return ValueTask.CompletedTask;
    }

    ValueTask IGrainManagementExtension.MigrateOnIdle()
    {
        Migrate(null);
        return ValueTask.CompletedTask;
    }

    private object? CreateExtension(Type type)
    {
        if (ActivationServices is not IKeyedServiceProvider services || services.GetKeyedService(typeof(IGrainExtension), type) is not { } created)
        {
            return null;
        }

        lock (_gate)
        {
            _components ??= [];
            return _components.TryAdd(type, created) ? created : _components[type];
        }
    }
}
