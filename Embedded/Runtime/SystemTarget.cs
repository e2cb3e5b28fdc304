using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>
/// A service of one silo that others call by naming the silo. Its requests interleave at every await, and run one turn at a time. It must be registered by
/// <see cref="SiloRuntime.RegisterSystemTarget"/> before it is called or calls <see cref="GrainReference"/> and <see cref="Scheduler"/>.
/// </summary>
public abstract class SystemTarget : ISystemTarget, IGrainContext
{
    private readonly TaskCompletionSource _deactivated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SiloRuntime? _runtime;
    private readonly List<Message> _cancellable = [];
    private TurnScheduler? _turns;
    private AsyncEnumerableGrainExtension? _enumerations;

    /// <param name="grainType">Begins with <see cref="GrainTypePrefix.SystemTargetPrefix"/>; one per service.</param>
    private protected SystemTarget(GrainType grainType, SiloAddress silo)
        : this(IdOf(grainType, silo), silo)
    {
    }

    private protected SystemTarget(GrainId grain, SiloAddress silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        Silo = silo;
        GrainId = grain;
        Address = new GrainAddress { GrainId = grain, ActivationId = ActivationId.GetDeterministic(grain), SiloAddress = silo };
    }

    /// <summary>The id of the service on its silo.</summary>
    public GrainId GrainId { get; }

    /// <summary>The silo of the service.</summary>
    public SiloAddress Silo { get; }

    /// <summary>Calls the service.</summary>
    public GrainReference GrainReference => field ??= Runtime.GetReference(GrainId);

    /// <summary>Runs the turns of the service.</summary>
    public IWorkItemScheduler Scheduler => Turns;

    object IGrainContext.GrainInstance => this;

    ActivationId IGrainContext.ActivationId => Address.ActivationId;

    GrainAddress IGrainContext.Address => Address;

    IServiceProvider IGrainContext.ActivationServices => Runtime.Services;

    IGrainLifecycle IGrainContext.ObservableLifecycle => throw new NotSupportedException("A system target has no lifecycle of its own. Take part in that of the silo.");

    Task IGrainContext.Deactivated => _deactivated.Task;

    internal GrainAddress Address { get; }

    private SiloRuntime Runtime => _runtime ?? throw new InvalidOperationException($"{GetType()} is not registered. Register it at the silo's runtime first.");

    private TurnScheduler Turns => _turns ?? throw new InvalidOperationException($"{GetType()} is not registered. Register it at the silo's runtime first.");

    /// <summary>The id of a service on a silo.</summary>
    internal static GrainId IdOf(GrainType grainType, SiloAddress silo) => GrainId.Create(grainType, silo.ToParsableString());

    /// <summary>The silo that an id of a service names.</summary>
    internal static SiloAddress SiloOf(GrainId grain) => SiloAddress.FromUtf8String(grain.Key.AsSpan());

    object ITargetHolder.GetTarget() => this;

    object? ITargetHolder.GetComponent(Type componentType) => componentType.IsInstanceOfType(this) ? this
        : componentType == typeof(IAsyncEnumerableGrainExtension) ? _enumerations ??= new AsyncEnumerableGrainExtension(this, Turns, Runtime)
        : null;

    void IGrainContext.SetComponent<TComponent>(TComponent? value)
        where TComponent : class => throw new NotSupportedException("A system target has no components.");

    void IGrainContext.Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken)
    {
    }

    void IGrainContext.Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken)
    {
    }

    bool IEquatable<IGrainContext>.Equals(IGrainContext? other) => ReferenceEquals(this, other);

    internal void Attach(SiloRuntime runtime)
    {
        _runtime = runtime;
        _turns = new TurnScheduler(this, runtime.TurnSettings);
    }

    /// <summary>Takes a request, or the wish to cancel one.</summary>
    internal void ReceiveMessage(Message message)
    {
        if (message.Kind == MessageKind.Cancel)
        {
            Cancel(message);
            return;
        }

        if (message.Request is { IsCancellable: true })
        {
            lock (_cancellable)
            {
                _cancellable.Add(message);
            }
        }

        Turns.Enqueue(new RequestTurn(this, message));
    }

    /// <summary>Runs work on the service's turns. What follows its awaits comes back there.</summary>
    internal Task RunAsync(Func<Task> work) => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Turns).Unwrap();

    private void Cancel(Message cancel)
    {
        Message? found;
        lock (_cancellable)
        {
            found = _cancellable.Find(message => message.Id == cancel.Id && message.SendingGrain == cancel.SendingGrain);
        }

        if (found is not null)
        {
            Turns.QueueAction(static state => ((IInvokable)state!).TryCancel(), found.Request);
        }
    }

    private async Task RunRequestAsync(Message message)
    {
        try
        {
            if (!message.IsExpired)
            {
                Runtime.Respond(message, await InvokeAsync(message));
            }
        }
        finally
        {
            if (message.Request is { IsCancellable: true })
            {
                lock (_cancellable)
                {
                    _cancellable.Remove(message);
                }
            }
        }
    }

    private async ValueTask<Response> InvokeAsync(Message message)
    {
        try
        {
            RequestContext.Import(message.RequestContextData, message.ReentrancyId);
            var request = message.Request!;
            request.SetTarget(this);

            // The runtime's own services are none of the filters' business.
            if (this is not GrainService || Runtime.IncomingFilters is not { Length: > 0 } filters)
            {
                return await request.Invoke();
            }

            var response = await new IncomingCallContext(message, request, this, filters).RunFiltersAsync();
            return request is Request known ? known.Method.Adapt(response) : response;
        }
        catch (Exception exception)
        {
            return Response.FromException(exception);
        }
    }

    private sealed class RequestTurn(SystemTarget target, Message message) : ITurn
    {
        public void Run() => _ = target.RunRequestAsync(message);

        public override string ToString() => message.ToString();
    }
}
