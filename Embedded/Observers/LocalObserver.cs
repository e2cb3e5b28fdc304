using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>
/// One object that grains call, with the calls that wait for it. For filters it is the context of the call, but has no life and no scheduler.
/// Thread-safe.
/// </summary>
internal sealed class LocalObserver(LocalObservers owner, CallRuntime runtime, GrainId id, IGrainObserver target) : IGrainContext
{
    private readonly WeakReference<IGrainObserver> _target = new(target);
    private readonly Queue<Message> _waiting = new();
    private bool _isRunning;

    public GrainReference GrainReference => runtime.GetReference(id);

    public GrainId GrainId => id;

    public object? GrainInstance => GetTarget();

    public ActivationId ActivationId => default;

    public GrainAddress Address => new() { GrainId = id, SiloAddress = runtime.Silo };

    public IServiceProvider ActivationServices => runtime.Services;

    public IGrainLifecycle ObservableLifecycle => throw NotOfObservers();

    public IWorkItemScheduler Scheduler => throw NotOfObservers();

    public Task Deactivated => throw NotOfObservers();

    public object? GetTarget() => _target.TryGetTarget(out var target) ? target : null;

    public object? GetComponent(Type componentType) => GetTarget() is { } target && componentType.IsInstanceOfType(target) ? target : null;

    public void SetComponent<TComponent>(TComponent? value)
        where TComponent : class => throw NotOfObservers();

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default) => throw NotOfObservers();

    public void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default) => throw NotOfObservers();

    public bool Equals(IGrainContext? other) => ReferenceEquals(this, other);

    public override bool Equals(object? obj) => ReferenceEquals(this, obj);

    public override int GetHashCode() => id.GetHashCode();

    public override string ToString() => id.ToString();

    /// <summary>Takes a call whose request has been read.</summary>
    public void Receive(Message message)
    {
        if (message.IsAlwaysInterleave)
        {
            Start(() => RunAsync(message));
            return;
        }

        lock (_waiting)
        {
            _waiting.Enqueue(message);
            if (_isRunning)
            {
                return;
            }

            _isRunning = true;
        }

        Start(RunAllAsync);
    }

    private static void Start(Func<Task> work)
    {
        using (ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow())
        {
            _ = Task.Run(work);
        }
    }

    private NotSupportedException NotOfObservers() =>
        new($"Observer {id} is no activation. Only grains have a lifecycle, a scheduler and components.");

    private async Task RunAllAsync()
    {
        while (true)
        {
            Message? message;
            lock (_waiting)
            {
                if (!_waiting.TryDequeue(out message))
                {
                    _isRunning = false;
                    return;
                }
            }

            await RunAsync(message).ConfigureAwait(false);
        }
    }

    private async Task RunAsync(Message message)
    {
        if (message.IsExpired)
        {
            return;
        }

        if (GetTarget() is not { } target)
        {
            owner.Forget(id);
            return;
        }

        Response response;
        try
        {
            RequestContext.Import(message.RequestContextData, message.ReentrancyId);
            response = await InvokeAsync(message, message.Request!).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            response = Response.FromException(exception);
        }

        GC.KeepAlive(target);
        owner.Complete(id, message, response);
    }

    private async ValueTask<Response> InvokeAsync(Message message, IInvokable call)
    {
        call.SetTarget(this);
        var filters = runtime.IncomingFilters;
        if (filters.Length == 0)
        {
            return await call.Invoke().ConfigureAwait(false);
        }

        var response = await new IncomingCallContext(message, call, this, filters).RunFiltersAsync().ConfigureAwait(false);
        return call is Request request ? request.Method.Adapt(response) : response;
    }
}
