using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.Session;

namespace Orleans.Runtime;

/// <summary>What references call through: the runtime of one silo or client. Makes messages of calls and ends calls with the answers. Thread-safe.</summary>
internal abstract class CallRuntime : IReferenceResolver
{
    private readonly ConcurrentDictionary<Type, ReferenceTarget> _targets = new();
    private readonly MessagingOptions _options;
    private readonly ReferenceTarget _untyped;
    private IOutgoingGrainCallFilter[]? _filters;

    protected CallRuntime(IServiceProvider services, MessagingOptions options)
    {
        Services = services;
        _options = options;
        _untyped = new ReferenceTarget(this, null);
        Pending = new PendingCalls(options, SendCancel);
    }

    public IServiceProvider Services { get; }

    public SerializerSessionPool Pool => field ??= Services.GetRequiredService<SerializerSessionPool>();

    public PendingCalls Pending { get; }

    /// <summary>Who calls when no activation does.</summary>
    public abstract GrainId ClientId { get; }

    /// <summary>The silo; null for a client outside.</summary>
    public abstract SiloAddress? Silo { get; }

    /// <summary>Whether <see cref="Send"/> makes bytes of every request before it returns.</summary>
    protected virtual bool SerializesAtOnce => false;

    /// <summary>What sees calls that arrive, the outermost first.</summary>
    public IIncomingGrainCallFilter[] IncomingFilters => field ??= [.. Services.GetServices<IIncomingGrainCallFilter>()];

    private IOutgoingGrainCallFilter[] Filters => _filters ??= [.. Services.GetServices<IOutgoingGrainCallFilter>()];

    /// <summary>A reference of an interface. Emits the proxy at the first use of the interface.</summary>
    public object GetReference(GrainId grain, Type interfaceType, SiloAddress? silo = null)
    {
        var target = _targets.TryGetValue(interfaceType, out var known)
            ? known
            : _targets.GetOrAdd(interfaceType, static (type, runtime) => new ReferenceTarget(runtime, GrainInterface.Of(type)), this);
        return target.Interface!.CreateProxy(target, grain, silo ?? (grain.IsSystemTarget() ? SystemTarget.SiloOf(grain) : null));
    }

    /// <summary>A reference of no particular interface.</summary>
    public GrainReference GetReference(GrainId grain) => new(_untyped, grain, grain.IsSystemTarget() ? SystemTarget.SiloOf(grain) : null);

    /// <summary>Starts a call. Arguments are copied before this returns.</summary>
    /// <remarks>What is wrong before anything is sent is thrown here and not by the task, as generated proxies do it.</remarks>
    /// <exception cref="Serialization.CodecNotFoundException">An argument cannot be copied.</exception>
    /// <exception cref="OperationCanceledException">The token has fired already.</exception>
    /// <exception cref="ObjectDisposedException">The client has stopped.</exception>
    public Task<TResult> CallAsync<TArguments, TResult>(
        GrainReference reference, InterfaceMethod<TArguments> method, ref TArguments arguments, CancellationToken cancellationToken)
        where TArguments : struct, ITuple
    {
        // What is bytes before this returns needs no copy, unless filters see it.
        var request = new Request<TArguments>(method, SerializesAtOnce && Filters.Length == 0 ? arguments : Pool.Copy(arguments));
        var message = CreateMessage(reference, method, request);
        return Filters.Length == 0
            ? StartCall<TResult>(message, method, cancellationToken)
            : new OutgoingCallContext<TResult>(this, reference, message, method, Filters, cancellationToken).RunAsync();
    }

    /// <summary>Sends a request and returns what ends with the answer.</summary>
    public Task<TResult> StartCall<TResult>(Message message, InterfaceMethod method, CancellationToken cancellationToken)
    {
        ThrowIfStopped();
        cancellationToken.ThrowIfCancellationRequested();
        if (method.IsOneWay)
        {
            Send(message);
            return CompletedCall<TResult>.Task;
        }

        var call = new PendingCall<TResult>(message, method, Pending, TimeoutOf(method, message));
        Pending.Add(call);
        if (cancellationToken.CanBeCanceled)
        {
            call.CancelWith(cancellationToken);
            if (!Pending.TryGet(message.Id, out _))
            {
                // Cancelled meanwhile: nothing was sent, and nothing is.
                return call.Task;
            }
        }

        try
        {
            Send(message);
        }
        catch (Serialization.CodecNotFoundException) when (SerializesAtOnce && Pending.TryRemove(message.Id, out _))
        {
            call.Forget();
            throw;
        }
        catch (Exception exception)
        {
            Pending.Fail(message.Id, exception);
        }

        return call.Task;
    }

    /// <exception cref="ObjectDisposedException">No call of this runtime can be made any more.</exception>
    protected virtual void ThrowIfStopped()
    {
    }

    /// <summary>Sends a request on its way. Does not wait; a failure that is found later ends the call.</summary>
    public abstract void Send(Message message);

    /// <summary>Tells the callee of a request that its caller has gone.</summary>
    protected abstract void SendCancel(Message request);

    /// <summary>How long a call waits for its answer.</summary>
    protected virtual TimeSpan TimeoutOf(InterfaceMethod method, Message message) => method.Timeout ?? _options.ResponseTimeout;

    /// <summary>Ends the call that an answer belongs to. One that comes too late is dropped.</summary>
    protected void ReceiveResponse(Message message)
    {
        if (message.Response is { } response)
        {
            Pending.Complete(message.Id, response);
        }
    }

    (string GrainId, string Interface) IReferenceResolver.GetName(object reference)
    {
        var grain = (GrainReference)ToReference(reference);
        return (grain.GrainId.ToString(), grain.InterfaceName);
    }

    object IReferenceResolver.Resolve(string grainId, string @interface)
    {
        var grain = GrainId.Parse(grainId);
        return @interface.Length == 0 ? GetReference(grain) : GetReference(grain, GrainInterface.Of(GrainInterfaceType.Create(@interface), Pool.Manifest).Type);
    }

    /// <summary>What travels in place of an object that is passed as a grain or observer.</summary>
    /// <exception cref="ArgumentException">It is neither a reference nor a grain.</exception>
    public static object ToReference(object value) => value switch
    {
        GrainReference => value,
        IGrainBase { GrainContext: { } context } => context.GrainReference,
        SystemTarget target => target.GrainReference,
        _ => throw new ArgumentException($"A {value.GetType()} cannot be passed as a grain or observer. Pass a reference; CreateObjectReference makes one of an observer."),
    };

    private Message CreateMessage(GrainReference reference, InterfaceMethod method, Request request)
    {
        var context = RequestContext.Local.Value;
        var caller = RuntimeContext.Current;
        var message = new Message
        {
            Kind = method.IsOneWay ? MessageKind.OneWay : MessageKind.Request,
            Flags = method.Flags,
            Id = Pending.NextId(),
            SendingGrain = caller?.GrainId ?? ClientId,
            SendingSilo = Silo,
            TargetGrain = reference.GrainId,
            TargetSilo = reference.Silo,
            InterfaceType = reference.InterfaceType,
            MethodId = method.Id,
            RequestContextData = CopyValues(context.Values),
            ReentrancyId = context.ReentrancyId,
            Request = request,
        };
        if (_options.DropExpiredMessages && !method.IsOneWay)
        {
            var timeout = TimeoutOf(method, message);
            message.ExpiresAt = timeout.TotalMilliseconds is > 0 and < long.MaxValue / 2 ? Environment.TickCount64 + (long)timeout.TotalMilliseconds : 0;
        }

        return message;
    }

    /// <summary>The values of a request context as they go along with a call. The dictionary is never changed, so it is shared where its values can be.</summary>
    public Dictionary<string, object>? CopyValues(Dictionary<string, object>? values)
    {
        if (values is null)
        {
            return null;
        }

        foreach (var value in values.Values)
        {
            if (CodecTable.TryGet(value.GetType()) is not { IsShallow: true })
            {
                return Pool.Copy(values)!;
            }
        }

        return values;
    }

    private static class CompletedCall<TResult>
    {
        public static readonly Task<TResult> Task = System.Threading.Tasks.Task.FromResult<TResult>(default!);
    }
}
