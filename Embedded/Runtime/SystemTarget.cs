using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>
/// A service of one silo that others call by naming the silo. Its requests interleave at every await, and run one turn at a time. It must be registered by
/// <see cref="SiloRuntime.RegisterSystemTarget"/> before it is called or calls <see cref="GrainReference"/> and <see cref="Scheduler"/>.
/// </summary>
internal abstract class SystemTarget : ISystemTarget, IGrainContext
{
    private readonly TaskCompletionSource _deactivated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private SiloRuntime? _runtime;
    private TurnScheduler? _turns;

    /// <param name="grainType">Begins with <see cref="GrainTypePrefix.SystemTargetPrefix"/>; one per service.</param>
    protected SystemTarget(GrainType grainType, SiloAddress silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        Silo = silo;
        GrainId = IdOf(grainType, silo);
        Address = new GrainAddress { GrainId = GrainId, ActivationId = ActivationId.GetDeterministic(GrainId), SiloAddress = silo };
    }

    public GrainId GrainId { get; }

    public SiloAddress Silo { get; }

    public GrainReference GrainReference => field ??= Runtime.GetReference(GrainId);

    public IWorkItemScheduler Scheduler => Turns;

    object IGrainContext.GrainInstance => this;

    public ActivationId ActivationId => Address.ActivationId;

    public GrainAddress Address { get; }

    IServiceProvider IGrainContext.ActivationServices => Runtime.Services;

    IGrainLifecycle IGrainContext.ObservableLifecycle => throw new NotSupportedException("A system target has no lifecycle of its own. Take part in that of the silo.");

    Task IGrainContext.Deactivated => _deactivated.Task;

    private SiloRuntime Runtime => _runtime ?? throw new InvalidOperationException($"{GetType()} is not registered. Register it at the silo's runtime first.");

    private TurnScheduler Turns => _turns ?? throw new InvalidOperationException($"{GetType()} is not registered. Register it at the silo's runtime first.");

    /// <summary>The id of a service on a silo.</summary>
    public static GrainId IdOf(GrainType grainType, SiloAddress silo) => GrainId.Create(grainType, silo.ToParsableString());

    /// <summary>The silo that an id of a service names.</summary>
    public static SiloAddress SiloOf(GrainId grain) => SiloAddress.FromUtf8String(grain.Key.AsSpan());

    object ITargetHolder.GetTarget() => this;

    object? ITargetHolder.GetComponent(Type componentType) => componentType.IsInstanceOfType(this) ? this : null;

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

    /// <summary>Takes a request.</summary>
    internal void ReceiveMessage(Message message)
    {
        if (message.Kind != MessageKind.Cancel)
        {
            Turns.Enqueue(new RequestTurn(this, message));
        }
    }

    private async Task RunRequestAsync(Message message)
    {
        if (message.IsExpired)
        {
            return;
        }

        Response response;
        try
        {
            RequestContext.Import(message.RequestContextData, message.ReentrancyId);
            var request = message.Request!;
            request.SetTarget(this);
            response = await request.Invoke();
        }
        catch (Exception exception)
        {
            response = Response.FromException(exception);
        }

        Runtime.Respond(message, response);
    }

    private sealed class RequestTurn(SystemTarget target, Message message) : ITurn
    {
        public void Run() => _ = target.RunRequestAsync(message);

        public override string ToString() => message.ToString();
    }
}
