using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Core;
using Orleans.Serialization.Invocation;
using Orleans.Serialization.Session;

namespace Orleans.Runtime;

/// <summary>The runtime of one silo: addresses requests, delivers messages, answers. Thread-safe.</summary>
/// <remarks>
/// A request goes: <see cref="Send"/> (address known, active here, cached, or looked up and placed by <see cref="ResolveAsync"/>) → <see cref="Transmit"/> →
/// another silo's <see cref="Receive"/>, or this one's → the activation → <see cref="Respond"/> → the pending call of the sender. A silo that gets a request for
/// a grain that it does not have, and that was not placed there just now, addresses it anew; see <c>Reroute</c>.
/// </remarks>
internal sealed partial class SiloRuntime : CallRuntime, IGrainRuntime, IDisposable
{
    private readonly ILocalSiloDetails _details;
    private readonly Dictionary<GrainId, SystemTarget> _systemTargets = [];
    private readonly Lazy<LocalGrainClasses> _classes;
    private bool _isStopped;

    public SiloRuntime(
        IServiceProvider services,
        ILocalSiloDetails details,
        TimeProvider timeProvider,
        TurnSettings turnSettings,
        IOptions<SiloMessagingOptions> messaging,
        IOptions<GrainCollectionOptions> collection,
        IOptions<StatelessWorkerOptions> statelessWorkers,
        ILogger<SiloRuntime> logger)
        : base(services, messaging.Value)
    {
        _details = details;
        TimeProvider = timeProvider;
        TurnSettings = turnSettings;
        MessagingOptions = messaging.Value;
        CollectionOptions = collection.Value;
        StatelessWorkerOptions = statelessWorkers.Value;
        Logger = logger;
        ClientId = ClientKey.CreateHosted(details.SiloAddress);
        Catalog = new Catalog(this);
        Serializer = new MessageSerializer(
            services.GetRequiredService<SerializerSessionPool>(), MessagingOptions.MaxMessageHeaderSize, MessagingOptions.MaxMessageBodySize);
        Observers = new LocalObservers(this, logger, Respond);
        var transport = services.GetRequiredService<IMessageTransport>();
        var endpoints = services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        Silos = new SiloConnections(
            this,
            details.ClusterId,
            transport,
            endpoints.SiloListeningEndpoint ?? details.SiloAddress.Endpoint,
            services.GetRequiredService<IOptions<ConnectionOptions>>().Value,
            services.GetRequiredService<SiloTraffic>());
        Gateway = new Gateway(
            this,
            details.ClusterId,
            transport,
            details.GatewayAddress is null ? null : endpoints.GatewayListeningEndpoint ?? details.GatewayAddress.Endpoint,
            services.GetRequiredService<OverloadDetector>());
        _classes = new Lazy<LocalGrainClasses>(services.GetRequiredService<LocalGrainClasses>);
    }

    public override GrainId ClientId { get; }

    public override SiloAddress Silo => _details.SiloAddress;

    public ILogger<SiloRuntime> Logger { get; }

    public TimeProvider TimeProvider { get; }

    public TurnSettings TurnSettings { get; }

    public SiloMessagingOptions MessagingOptions { get; }

    public GrainCollectionOptions CollectionOptions { get; }

    public StatelessWorkerOptions StatelessWorkerOptions { get; }

    public Catalog Catalog { get; }

    public MessageSerializer Serializer { get; }

    public LocalObservers Observers { get; }

    public SiloConnections Silos { get; }

    public Gateway Gateway { get; }

    public IGrainLocator Locator => field ??= Services.GetRequiredService<IGrainLocator>();

    public IGrainFactory GrainFactory => field ??= Services.GetRequiredService<IGrainFactory>();

    string IGrainRuntime.SiloIdentity => Silo.ToString();

    SiloAddress IGrainRuntime.SiloAddress => Silo;

    IServiceProvider IGrainRuntime.ServiceProvider => Services;

    public ISiloStatusOracle Oracle => field ??= Services.GetRequiredService<ISiloStatusOracle>();

    /// <summary>Messages whose way is being asked for. A silo that leaves waits for them.</summary>
    public WorkCount UnderWay { get; } = new();

    private bool IsLeaving => _isStopped || Oracle.CurrentStatus.IsTerminating();

    /// <summary>Makes a service callable.</summary>
    public void RegisterSystemTarget(SystemTarget target)
    {
        ArgumentNullException.ThrowIfNull(target);
        target.Attach(this);
        lock (_systemTargets)
        {
            _systemTargets.Add(target.GrainId, target);
        }
    }

    public void DeactivateOnIdle(IGrainContext grainContext) =>
        grainContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "DeactivateOnIdle was called."));

    public void DelayDeactivation(IGrainContext grainContext, TimeSpan timeSpan) => ((Activation)grainContext).DelayDeactivation(timeSpan);

    public IStorage<TGrainState> GetStorage<TGrainState>(IGrainContext grainContext) => GrainStateStorage.Create<TGrainState>(grainContext, Services);

    public override void Send(Message message)
    {
        if (message.TargetSilo is not null)
        {
            Transmit(message);
        }
        else if (message.TargetGrain.IsClient())
        {
            Gateway.Route(message);
        }
        else
        {
            Address(message);
        }
    }

    /// <summary>Takes a message that has come from a client or another silo, or that stays in this one.</summary>
    public void Receive(Message message)
    {
        if (message.CacheInvalidations is { } stale && message.Kind == MessageKind.Response)
        {
            stale.ForEach(Locator.InvalidateCache);
        }

        if (message.IsExpired && MessagingOptions.DropExpiredMessages)
        {
            LogExpired(Logger, message);
            return;
        }

        if (message.TargetGrain.IsClient() && (message.Kind != MessageKind.Response || message.TargetGrain != ClientId))
        {
            Gateway.Route(message);
        }
        else if (message.Kind == MessageKind.Response)
        {
            if (Pending.TryGet(message.Id, out var call))
            {
                Pending.Complete(message.Id, Serializer.ReadResponse(message, call.Method));
            }
        }
        else
        {
            ReceiveRequest(message);
        }
    }

    /// <summary>Takes a message of a client that is connected to this silo.</summary>
    public void ReceiveFromClient(Message message)
    {
        if (message.Kind == MessageKind.Cancel)
        {
            CancelForClient(message);
        }
        else if (message.Kind == MessageKind.Response && message.TargetSilo is null)
        {
            Receive(message);
        }
        else
        {
            Send(message);
        }
    }

    /// <summary>Takes a request for one of this silo's own observers.</summary>
    public void ReceiveForObserver(Message message)
    {
        if (message.Kind == MessageKind.Response)
        {
            Receive(message);
        }
        else if (message.Kind != MessageKind.Cancel && TryReadRequest(message))
        {
            Observers.Receive(message);
        }
    }

    /// <summary>Answers a request. One-way requests are not answered.</summary>
    public void Respond(Message request, Response response)
    {
        if (request.Kind != MessageKind.Request)
        {
            if (response.Exception is { } exception && !request.IsTimerTick)
            {
                LogOneWayFailed(Logger, request, exception);
            }

            return;
        }

        var isLocal = Silo.Equals(request.SendingSilo) && (request.Flags & MessageFlags.FromClient) == 0;
        if (!isLocal)
        {
            SendResponse(request.CreateResponse(response));
            return;
        }

        if (request.Request is not Request { Method.IsResultShared: true })
        {
            try
            {
                response = response.Copy(Pool);
            }
            catch (Exception exception)
            {
                response = Response.FromException(exception);
            }
        }

        Pending.Complete(request.Id, response);
    }

    /// <summary>Ends a request that could not be delivered.</summary>
    public void Reject(Message message, Exception exception)
    {
        if (message.Kind == MessageKind.Request)
        {
            Respond(message, Response.FromException(exception));
        }
        else
        {
            LogUndeliverable(Logger, message, exception);
        }
    }

    /// <summary>Reads the call of a message from its body. False: the sender got the failure.</summary>
    public bool TryReadRequest(Message message)
    {
        try
        {
            Serializer.ReadRequest(message);
            return true;
        }
        catch (Exception exception)
        {
            Reject(message, exception);
            return false;
        }
    }

    protected override TimeSpan TimeoutOf(InterfaceMethod method, Message message) =>
        method.Timeout ?? (message.TargetGrain.IsSystemTarget() ? MessagingOptions.SystemResponseTimeout : MessagingOptions.ResponseTimeout);

    protected override void SendCancel(Message request)
    {
        var cancel = new Message
        {
            Kind = MessageKind.Cancel,
            Id = request.Id,
            SendingGrain = request.SendingGrain,
            SendingSilo = request.SendingSilo,
            TargetGrain = request.TargetGrain,
            TargetSilo = request.TargetSilo,
            InterfaceType = request.InterfaceType,
        };
        if (cancel.TargetSilo is not null)
        {
            Transmit(cancel);
        }
        else
        {
            // Not on its way yet. If it stays in this silo, it ends where it would start.
            request.Request?.TryCancel();
        }
    }

    /// <summary>Hands a message to its silo.</summary>
    private void Transmit(Message message)
    {
        var silo = message.TargetSilo!;
        if (silo.Equals(Silo))
        {
            Receive(message);
        }
        else if (_isStopped)
        {
            Reject(message, ShuttingDown());
        }
        else if (Oracle.IsDeadSilo(silo) && message.Kind != MessageKind.Response)
        {
            TransmitToDead(message, silo);
        }
        else
        {
            Silos.Send(silo, message);
        }
    }

    /// <summary>Sends a message another way that a silo did not get because it is dead: a request of a grain, or an answer for a client of its gateway.</summary>
    /// <returns>False: the silo is not dead, or nobody else can take the message.</returns>
    public bool TrySendElsewhere(Message message, SiloAddress silo)
    {
        if (_isStopped || message.TargetGrain.IsSystemTarget() || !Oracle.IsDeadSilo(silo))
        {
            return false;
        }

        if (message.Kind == MessageKind.Response && message.TargetGrain.IsClient() && ClientKey.HostOf(message.TargetGrain) is null)
        {
            message.TargetSilo = null;
            Gateway.Route(message);
            return true;
        }

        if (message.Kind is not (MessageKind.Request or MessageKind.OneWay) || message.TargetGrain.IsClient())
        {
            return false;
        }

        Reroute(message, new GrainAddress { GrainId = message.TargetGrain, SiloAddress = silo });
        return true;
    }

    private void TransmitToDead(Message message, SiloAddress silo)
    {
        if (!TrySendElsewhere(message, silo))
        {
            Reject(message, new SiloUnavailableException($"The target silo {silo} is dead, so message {message} is not sent. Call another silo."));
        }
    }

    private void ReceiveRequest(Message message)
    {
        if (message.TargetGrain.IsSystemTarget())
        {
            ReceiveForSystemTarget(message);
        }
        else if (Catalog.TryGet(message.TargetGrain, out var activation))
        {
            DeliverTo(activation, message);
        }
        else if (message.Kind == MessageKind.Cancel)
        {
            if (Catalog.TryGetWorkers(message.TargetGrain, out var workers))
            {
                workers.ReceiveMessage(message);
            }
            else if (message.ForwardCount == 0)
            {
                _ = SendCancelAsync(message);
            }
        }
        else if (!_classes.Value.TryGet(message.TargetGrain.Type, out var grainClass))
        {
            Reroute(message, new GrainAddress { GrainId = message.TargetGrain, SiloAddress = Silo });
        }
        else if (!grainClass.UsesDirectory)
        {
            if (IsLeaving)
            {
                _ = PlaceWorkerAsync(message);
            }
            else if (TryReadRequest(message))
            {
                Catalog.GetOrCreateWorkers(grainClass, message.TargetGrain).ReceiveMessage(message);
            }
        }
        else if ((message.Flags & MessageFlags.IsNewPlacement) != 0)
        {
            DeliverToNew(message, previous: null);
        }
        else
        {
            Reroute(message, new GrainAddress { GrainId = message.TargetGrain, SiloAddress = Silo });
        }
    }

    private void DeliverTo(Activation activation, Message message)
    {
        if (TryReadRequest(message))
        {
            activation.ReceiveMessage(message);
        }
    }

    private void DeliverToNew(Message message, GrainAddress? previous)
    {
        if (IsLeaving)
        {
            Reroute(message, new GrainAddress { GrainId = message.TargetGrain, SiloAddress = Silo });
        }
        else if (!_classes.Value.TryGet(message.TargetGrain.Type, out var grainClass))
        {
            Reject(message, new OrleansException($"Silo {Silo} does not host the class of grain {message.TargetGrain}. Deploy its assembly, or do not place it here."));
        }
        else if (TryReadRequest(message))
        {
            var activation = Catalog.GetOrCreate(grainClass, message.TargetGrain, previous);
            activation.ReceiveMessage(message);
            if (IsLeaving)
            {
                // The silo has begun to leave meanwhile, perhaps after it has listed what is to be deactivated.
                activation.Deactivate(Stops);
            }
        }
    }

    private void ReceiveForSystemTarget(Message message)
    {
        SystemTarget? target;
        lock (_systemTargets)
        {
            _systemTargets.TryGetValue(message.TargetGrain, out target);
        }

        if (target is null)
        {
            Reject(message, new SiloUnavailableException($"Silo {Silo} has no service {message.TargetGrain}. It is starting or stopping, or was restarted."));
        }
        else if (TryReadRequest(message))
        {
            target.ReceiveMessage(message);
        }
    }

    private void SendResponse(Message response)
    {
        if (response.TargetGrain.IsClient() && response.TargetSilo is { } gateway && !gateway.Equals(Silo)
            && !CanForward(Oracle.GetApproximateSiloStatus(gateway)) && ClientKey.HostOf(response.TargetGrain) is null)
        {
            // Its gateway is dead; the client is connected to others as a rule.
            response.TargetSilo = null;
        }

        if (response.TargetSilo is null || response.TargetSilo.Equals(Silo))
        {
            Gateway.Route(response);
        }
        else
        {
            Transmit(response);
        }
    }

    // A gateway that leaves sends answers on until all silos know that it is dead.
    private static bool CanForward(SiloStatus status) => status is SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping;

    private static SiloUnavailableException ShuttingDown() =>
        new("The local Orleans host is shutting down, so no more calls are made or answered. Call from a host that runs.");

    [LoggerMessage(LogLevel.Debug, "Message {Message} is expired and dropped.")]
    private static partial void LogExpired(ILogger logger, Message message);

    [LoggerMessage(LogLevel.Information, "A one-way request failed: {Message}.")]
    private static partial void LogOneWayFailed(ILogger logger, Message message, Exception exception);

    [LoggerMessage(LogLevel.Information, "Message {Message} could not be delivered.")]
    private static partial void LogUndeliverable(ILogger logger, Message message, Exception exception);
}
