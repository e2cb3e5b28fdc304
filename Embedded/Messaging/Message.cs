using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>What a message is.</summary>
internal enum MessageKind : byte
{
    /// <summary>A call that is answered.</summary>
    Request,

    /// <summary>A call that is not answered.</summary>
    OneWay,

    /// <summary>An answer: <see cref="Message.Response"/>.</summary>
    Response,

    /// <summary>An answer by the runtime: the request did not reach the callee.</summary>
    Rejection,

    /// <summary>The caller of an earlier request with the same number no longer wants it.</summary>
    Cancel,
}

/// <summary>What a request says about interleaving and delivery.</summary>
[Flags]
internal enum MessageFlags : ushort
{
    None = 0,

    /// <summary>Starts at once.</summary>
    AlwaysInterleave = 1,

    /// <summary>Runs together with other such requests.</summary>
    ReadOnly = 2,

    /// <summary>Placement chose the silo: the activation is to be made there.</summary>
    IsNewPlacement = 4,

    /// <summary>Sent by a client through a gateway.</summary>
    FromClient = 8,

    /// <summary>The callee may answer with a status before it answers.</summary>
    IsCancellable = 16,
}

/// <summary>
/// A message of the runtime: header fields, and a body that is a request, a response, or their bytes. Within a silo the object itself travels, between
/// processes the serializer makes bytes of it. Owned by one party at a time; nothing is shared between sender and receiver but what is immutable.
/// </summary>
internal sealed class Message
{
    public MessageKind Kind { get; set; }

    public MessageFlags Flags { get; set; }

    /// <summary>How often the message was sent on to another silo.</summary>
    public byte ForwardCount { get; set; }

    /// <summary>Names a request among those of its sender.</summary>
    public long Id { get; set; }

    public GrainId SendingGrain { get; set; }

    /// <summary>Where the answer goes: the silo of the sender, or the gateway of a client.</summary>
    public SiloAddress? SendingSilo { get; set; }

    public GrainId TargetGrain { get; set; }

    /// <summary>Null until the message is addressed.</summary>
    public SiloAddress? TargetSilo { get; set; }

    /// <summary>The interface of the reference through which the call is made.</summary>
    public GrainInterfaceType InterfaceType { get; set; }

    /// <summary>The method.</summary>
    public uint MethodId { get; set; }

    /// <summary>When nobody waits for it any more, by <see cref="Environment.TickCount64"/>; 0: never.</summary>
    public long ExpiresAt { get; set; }

    /// <summary>The values that go along. Not changed by anybody once the message is sent.</summary>
    public Dictionary<string, object>? RequestContextData { get; set; }

    /// <summary>See <see cref="RequestContext.ReentrancyId"/>.</summary>
    public Guid ReentrancyId { get; set; }

    /// <summary>The call; null in answers.</summary>
    public IInvokable? Request { get; set; }

    /// <summary>How the call ended; null in requests.</summary>
    public Response? Response { get; set; }

    /// <summary>Registrations that the receiver shall forget.</summary>
    public List<GrainAddress>? CacheInvalidations { get; set; }

    /// <summary>When the message was received, by <see cref="Environment.TickCount64"/>. For diagnostics.</summary>
    public long ReceivedAt { get; set; }

    public bool IsExpired => ExpiresAt != 0 && Environment.TickCount64 > ExpiresAt;

    public bool IsAlwaysInterleave => (Flags & MessageFlags.AlwaysInterleave) != 0;

    public bool IsReadOnly => (Flags & MessageFlags.ReadOnly) != 0;

    /// <summary>An answer to this request.</summary>
    public Message CreateResponse(MessageKind kind, Response response) => new()
    {
        Kind = kind,
        Id = Id,
        SendingGrain = TargetGrain,
        SendingSilo = TargetSilo,
        TargetGrain = SendingGrain,
        TargetSilo = SendingSilo,
        ExpiresAt = ExpiresAt,
        Response = response,
        CacheInvalidations = CacheInvalidations,
    };

    public override string ToString() =>
        $"{Kind} {Id} from {SendingGrain} on {SendingSilo} to {TargetGrain} on {TargetSilo?.ToString() ?? "no silo yet"}"
        + (Request is { } request ? $": {request.GetInterfaceName()}.{request.GetMethodName()}" : "");
}
