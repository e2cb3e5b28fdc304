using System.Reflection;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>The way of a call through filters: each goes on by <see cref="Invoke"/>, the last step is the call itself.</summary>
internal abstract class CallContext(Message message, IInvokable request) : IGrainCallContext
{
    private int _next;

    public IInvokable Request => request;

    public abstract object Grain { get; }

    public GrainId? SourceId => message.SendingGrain.IsDefault ? null : message.SendingGrain;

    public GrainId TargetId => message.TargetGrain;

    public GrainInterfaceType InterfaceType => message.InterfaceType;

    public string InterfaceName => request.GetInterfaceName();

    public string MethodName => request.GetMethodName();

    public MethodInfo InterfaceMethod => request.GetMethod();

    public Response? Response { get; set; }

    public object? Result
    {
        get => Response?.Result;
        set => Response = Response.FromResult(value);
    }

    protected Message Message => message;

    public async Task Invoke()
    {
        var step = _next++;
        try
        {
            if (!await RunStepAsync(step))
            {
                Response = await CallAsync();
                if (Response.Exception is { } exception)
                {
                    System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(exception);
                }
            }
        }
        finally
        {
            // A filter may call again.
            _next = step;
        }
    }

    /// <summary>Goes the way and returns how the call ended.</summary>
    public async ValueTask<Response> RunFiltersAsync()
    {
        try
        {
            await Invoke();
        }
        catch (Exception exception)
        {
            return Response.FromException(exception);
        }

        // A filter that handled the callee's exception without a result of its own leaves it as it is.
        return Response
            ?? Response.FromException(new InvalidOperationException(
                $"A filter of {InterfaceName}.{MethodName} neither called Invoke nor set a result. Do one of both."));
    }

    /// <summary>Runs a filter; false if there are no more.</summary>
    protected abstract ValueTask<bool> RunStepAsync(int step);

    /// <summary>The call itself.</summary>
    protected abstract ValueTask<Response> CallAsync();
}

/// <summary>A call that is about to be sent.</summary>
internal sealed class OutgoingCallContext<TResult>(
    CallRuntime runtime, GrainReference reference, Message message, InterfaceMethod method, IOutgoingGrainCallFilter[] filters, CancellationToken cancellationToken)
    : CallContext(message, message.Request!), IOutgoingGrainCallContext
{
    public override object Grain => reference;

    public IGrainContext? SourceContext { get; } = RuntimeContext.Current;

    public async Task<TResult> RunAsync()
    {
        var response = await RunFiltersAsync();
        return typeof(TResult) == typeof(Nothing) && response.Exception is null ? default! : response.GetResult<TResult>();
    }

    protected override async ValueTask<bool> RunStepAsync(int step)
    {
        if (step >= filters.Length)
        {
            return false;
        }

        await filters[step].Invoke(this);
        return true;
    }

    protected override async ValueTask<Response> CallAsync()
    {
        // Filters may have set values that go along.
        var context = RequestContext.Local.Value;
        Message.RequestContextData = runtime.CopyValues(context.Values);
        Message.ReentrancyId = context.ReentrancyId;
        try
        {
            var result = await runtime.StartCall<TResult>(Message, method, cancellationToken);
            return typeof(TResult) == typeof(Nothing) ? Response.Completed : Response.FromResult(result);
        }
        catch (Exception exception)
        {
            return Response.FromException(exception);
        }
    }
}

/// <summary>A call that has arrived.</summary>
internal sealed class IncomingCallContext(Message message, IInvokable request, IGrainContext target, IIncomingGrainCallFilter[] filters)
    : CallContext(message, request), IIncomingGrainCallContext
{
    public override object Grain => Request.GetTarget() ?? target.GetTarget()!;

    public IGrainContext TargetContext => target;

    public MethodInfo ImplementationMethod => field ??= FindImplementation();

    protected override async ValueTask<bool> RunStepAsync(int step)
    {
        if (step < filters.Length)
        {
            await filters[step].Invoke(this);
            return true;
        }

        // The grain's own filter comes after those of the silo.
        if (step == filters.Length && Grain is IIncomingGrainCallFilter own)
        {
            await own.Invoke(this);
            return true;
        }

        return false;
    }

    protected override ValueTask<Response> CallAsync() => Request.Invoke();

    private MethodInfo FindImplementation()
    {
        var declared = InterfaceMethod;
        var type = Grain.GetType();
        if (declared.DeclaringType is not { IsInterface: true } contract || !contract.IsAssignableFrom(type))
        {
            return declared;
        }

        var map = type.GetInterfaceMap(contract);
        return declared.IsGenericMethod
            ? map.TargetMethods[Array.IndexOf(map.InterfaceMethods, declared.GetGenericMethodDefinition())].MakeGenericMethod(declared.GetGenericArguments())
            : map.TargetMethods[Array.IndexOf(map.InterfaceMethods, declared)];
    }
}
