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

    /// <summary>The caller of an earlier request with the same number no longer wants it.</summary>
    Cancel,

    /// <summary>A gateway tells its clients to send new requests elsewhere; a client, and another silo that sees it dead, confirms it after its last request.</summary>
    Leaves,
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

    /// <summary>A call that a client made through a gateway, or the answer to one.</summary>
    FromClient = 8,

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

    /// <summary>The body as it was received, until <see cref="MessageSerializer"/> reads it; empty for a message that has not left this process.</summary>
    public ReadOnlyMemory<byte> Body { get; set; }

    /// <summary>Whether an answer from the wire is an exception. For answers of this process see <see cref="Response"/>.</summary>
    public bool IsFailure { get; set; }

    /// <summary>Registrations that the receiver shall forget.</summary>
    public List<GrainAddress>? CacheInvalidations { get; set; }

    /// <summary>Whether it is a tick of a timer of the activation itself, which does not count as use.</summary>
    public bool IsTimerTick { get; init; }

    /// <summary>Whether a tick counts as use nevertheless.</summary>
    public bool KeepsAlive { get; init; }

    /// <summary>Whether this silo is about to send it on, which counts as a hop. Does not travel.</summary>
    public bool IsRerouted { get; set; }

    public bool IsExpired => ExpiresAt != 0 && Environment.TickCount64 > ExpiresAt;

    public bool IsAlwaysInterleave => (Flags & MessageFlags.AlwaysInterleave) != 0;

    public bool IsReadOnly => (Flags & MessageFlags.ReadOnly) != 0;

    /// <summary>An answer to this request.</summary>
    public Message CreateResponse(Response response) => new()
    {
        Kind = MessageKind.Response,
        Id = Id,
        SendingGrain = TargetGrain,
        SendingSilo = TargetSilo,
        TargetGrain = SendingGrain,
        TargetSilo = SendingSilo,
        ExpiresAt = ExpiresAt,
        Response = response,
        Flags = Flags & MessageFlags.FromClient,
        CacheInvalidations = CacheInvalidations,
    };

    public override string ToString() =>
        $"{Kind} {Id} from {SendingGrain} on {SendingSilo} to {TargetGrain} on {TargetSilo?.ToString() ?? "no silo yet"}"
        + (Request is { } request ? $": {request.GetInterfaceName()}.{request.GetMethodName()}" : "");
}
