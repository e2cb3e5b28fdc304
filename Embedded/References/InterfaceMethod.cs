using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using Orleans.Concurrency;
using Orleans.Serialization.Invocation;
using Orleans.Serialization.Session;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Runtime;

/// <summary>Calls a method on an object. Emitted beside the proxy of the interface.</summary>
internal delegate TReturn MethodInvoker<TArguments, TReturn>(object target, ref TArguments arguments, CancellationToken cancellationToken);

/// <summary>One method of a grain interface: how it is named, called and sent. One per method and process; immutable.</summary>
internal abstract class InterfaceMethod
{
    protected InterfaceMethod(MethodInfo info)
    {
        Info = info;
        Interface = info.DeclaringType!;
        InterfaceName = Interface.FullName ?? Interface.Name;
        Id = ComputeId(info);
        Flags = (info.IsDefined(typeof(AlwaysInterleaveAttribute)) ? MessageFlags.AlwaysInterleave : 0)
            | (info.IsDefined(typeof(ReadOnlyAttribute)) ? MessageFlags.ReadOnly : 0);
        IsOneWay = info.ReturnType == typeof(void) || info.IsDefined(typeof(OneWayAttribute));
        IsExtension = typeof(IGrainExtension).IsAssignableFrom(Interface);
        IsResultShared = info.ReturnParameter.IsDefined(typeof(ImmutableAttribute), inherit: false);
        TakesToken = Array.Exists(info.GetParameters(), static parameter => parameter.ParameterType == typeof(CancellationToken));
        TypeArguments = info.IsConstructedGenericMethod ? TypeNames.FormatArguments(info.GetGenericArguments()) : null;
        Timeout = info.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;
    }

    /// <summary>The method of the interface.</summary>
    public MethodInfo Info { get; }

    /// <summary>The interface that declares it.</summary>
    public Type Interface { get; }

    public string InterfaceName { get; }

    /// <summary>Stands for the method on the wire: a hash of the names of interface and method, and of the parameters.</summary>
    public uint Id { get; }

    public MessageFlags Flags { get; }

    public bool IsOneWay { get; }

    /// <summary>Whether an extension is called, not the grain.</summary>
    public bool IsExtension { get; }

    /// <summary>Whether the result is not copied within a silo.</summary>
    public bool IsResultShared { get; }

    public bool TakesToken { get; }

    /// <summary>The type arguments as they are written before the arguments; null if the method is not generic.</summary>
    public string? TypeArguments { get; }

    /// <summary>What <see cref="ResponseTimeoutAttribute"/> says.</summary>
    public TimeSpan? Timeout { get; }

    /// <summary>Reads what <see cref="Request.WriteArguments"/> wrote.</summary>
    public abstract Request ReadRequest(SerializerSessionPool pool, ReadOnlySpan<byte> body);

    /// <summary>Reads what <see cref="Response.Write"/> wrote of a success.</summary>
    public abstract Response ReadResponse(SerializerSessionPool pool, ReadOnlySpan<byte> body);

    /// <summary>A response whose result has the type that the method declares.</summary>
    /// <exception cref="InvalidCastException">The result is of another type.</exception>
    public virtual Response Adapt(Response response) => response.Exception is null ? Response.Completed : response;

    /// <summary><see cref="Adapt(Response)"/> for a method with results.</summary>
    protected static Response Adapt<TResult>(Response response) =>
        response is Response<TResult> || response.Exception is not null ? response : new Response<TResult>((TResult?)response.Result);

    private static uint ComputeId(MethodInfo info)
    {
        // All constructed methods have the number of their definition.
        info = info.IsGenericMethod ? info.GetGenericMethodDefinition() : info;
        var alias = info.GetCustomAttribute<AliasAttribute>()?.Alias;
        var text = new StringBuilder(GrainInterface.NameOf(info.DeclaringType!)).Append('.').Append(alias ?? info.Name);
        if (alias is null)
        {
            if (info.IsGenericMethodDefinition)
            {
                text.Append('`').Append(info.GetGenericArguments().Length);
            }

            // An alias is unique within its interface, so that parameters may change their types' names.
            text.Append('(').AppendJoin(',', info.GetParameters().Where(parameter => parameter.ParameterType != typeof(CancellationToken)).Select(parameter => parameter.ParameterType.ToString())).Append(')');
        }

        return IdHash.Of(Encoding.UTF8.GetBytes(text.ToString()));
    }
}

/// <summary>The part that knows the arguments.</summary>
internal abstract class InterfaceMethod<TArguments>(MethodInfo info) : InterfaceMethod(info)
    where TArguments : struct, ITuple
{
    /// <summary>Calls the method. What it throws at once goes to the caller; a task that fails makes a response.</summary>
    public abstract ValueTask<Response> Invoke(object target, ref TArguments arguments, CancellationToken cancellationToken);

    /// <summary>Calls a method that returns a stream.</summary>
    public virtual object OpenStream(object target, ref TArguments arguments, CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{InterfaceName}.{Info.Name} does not return a stream.");

    public override Request ReadRequest(SerializerSessionPool pool, ReadOnlySpan<byte> body) => new Request<TArguments>(this, pool.Read<TArguments>(body));

    /// <summary>Starts a call whose arguments are not copied yet.</summary>
    protected Task<TResult> Start<TResult>(GrainReference reference, ref TArguments arguments, CancellationToken cancellationToken) =>
        reference.Target.Runtime.CallAsync<TArguments, TResult>(reference, this, ref arguments, cancellationToken);
}

/// <summary>A method that returns <see cref="Task"/>.</summary>
internal sealed class TaskMethod<TArguments>(MethodInfo info, MethodInvoker<TArguments, Task> invoker) : InterfaceMethod<TArguments>(info)
    where TArguments : struct, ITuple
{
    public Task Call(GrainReference reference, TArguments arguments, CancellationToken cancellationToken) =>
        Start<Nothing>(reference, ref arguments, cancellationToken);

    public override ValueTask<Response> Invoke(object target, ref TArguments arguments, CancellationToken cancellationToken)
    {
        var task = invoker(target, ref arguments, cancellationToken);
        return task.IsCompletedSuccessfully ? new ValueTask<Response>(Response.Completed) : Completion.AwaitAsync(task);
    }

    public override Response ReadResponse(SerializerSessionPool pool, ReadOnlySpan<byte> body) => Response.Completed;
}

/// <summary>A method that returns <see cref="Task{TResult}"/>.</summary>
internal sealed class TaskMethod<TArguments, TResult>(MethodInfo info, MethodInvoker<TArguments, Task<TResult>> invoker) : InterfaceMethod<TArguments>(info)
    where TArguments : struct, ITuple
{
    public Task<TResult> Call(GrainReference reference, TArguments arguments, CancellationToken cancellationToken) =>
        Start<TResult>(reference, ref arguments, cancellationToken);

    public override ValueTask<Response> Invoke(object target, ref TArguments arguments, CancellationToken cancellationToken)
    {
        var task = invoker(target, ref arguments, cancellationToken);
        return task.IsCompletedSuccessfully ? new ValueTask<Response>(new Response<TResult>(ResultOf(task))) : Completion.AwaitAsync(task);
    }

    public override Response ReadResponse(SerializerSessionPool pool, ReadOnlySpan<byte> body) => new Response<TResult>(pool.Read<TResult>(body));

    public override Response Adapt(Response response) => Adapt<TResult>(response);

    private static TResult ResultOf(Task<TResult> completed) => completed.GetAwaiter().GetResult();
}

/// <summary>A method that returns <see cref="ValueTask"/>.</summary>
internal sealed class ValueTaskMethod<TArguments>(MethodInfo info, MethodInvoker<TArguments, ValueTask> invoker) : InterfaceMethod<TArguments>(info)
    where TArguments : struct, ITuple
{
    public ValueTask Call(GrainReference reference, TArguments arguments, CancellationToken cancellationToken) =>
        new(Start<Nothing>(reference, ref arguments, cancellationToken));

    public override ValueTask<Response> Invoke(object target, ref TArguments arguments, CancellationToken cancellationToken) =>
        Completion.AwaitAsync(invoker(target, ref arguments, cancellationToken));

    public override Response ReadResponse(SerializerSessionPool pool, ReadOnlySpan<byte> body) => Response.Completed;
}

/// <summary>A method that returns <see cref="ValueTask{TResult}"/>.</summary>
internal sealed class ValueTaskMethod<TArguments, TResult>(MethodInfo info, MethodInvoker<TArguments, ValueTask<TResult>> invoker) : InterfaceMethod<TArguments>(info)
    where TArguments : struct, ITuple
{
    public ValueTask<TResult> Call(GrainReference reference, TArguments arguments, CancellationToken cancellationToken) =>
        new(Start<TResult>(reference, ref arguments, cancellationToken));

    public override ValueTask<Response> Invoke(object target, ref TArguments arguments, CancellationToken cancellationToken) =>
        Completion.AwaitAsync(invoker(target, ref arguments, cancellationToken));

    public override Response ReadResponse(SerializerSessionPool pool, ReadOnlySpan<byte> body) => new Response<TResult>(pool.Read<TResult>(body));

    public override Response Adapt(Response response) => Adapt<TResult>(response);
}

/// <summary>A method that returns nothing: one-way.</summary>
internal sealed class VoidMethod<TArguments>(MethodInfo info, MethodInvoker<TArguments, object?> invoker) : InterfaceMethod<TArguments>(info)
    where TArguments : struct, ITuple
{
    public void Call(GrainReference reference, TArguments arguments, CancellationToken cancellationToken) =>
        _ = Start<Nothing>(reference, ref arguments, cancellationToken);

    public override ValueTask<Response> Invoke(object target, ref TArguments arguments, CancellationToken cancellationToken)
    {
        invoker(target, ref arguments, cancellationToken);
        return new ValueTask<Response>(Response.Completed);
    }

    public override Response ReadResponse(SerializerSessionPool pool, ReadOnlySpan<byte> body) => Response.Completed;
}

/// <summary>
/// Responses of calls that take time. Not in the classes of methods: there, this would be compiled anew for each list of arguments, and not before the program runs, because
/// it catches.
/// </summary>
internal static class Completion
{
    public static async ValueTask<Response> AwaitAsync(Task task)
    {
        try
        {
            await task;
            return Response.Completed;
        }
        catch (Exception exception)
        {
            return Response.FromException(exception);
        }
    }

    public static async ValueTask<Response> AwaitAsync<TResult>(Task<TResult> task)
    {
        try
        {
            return new Response<TResult>(await task);
        }
        catch (Exception exception)
        {
            return Response.FromException(exception);
        }
    }

    public static async ValueTask<Response> AwaitAsync(ValueTask task)
    {
        try
        {
            await task;
            return Response.Completed;
        }
        catch (Exception exception)
        {
            return Response.FromException(exception);
        }
    }

    public static async ValueTask<Response> AwaitAsync<TResult>(ValueTask<TResult> task)
    {
        try
        {
            return new Response<TResult>(await task);
        }
        catch (Exception exception)
        {
            return Response.FromException(exception);
        }
    }
}

/// <summary>The result of methods that have none.</summary>
internal readonly struct Nothing;
