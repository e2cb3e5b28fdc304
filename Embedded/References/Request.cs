using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using Orleans.Serialization.Invocation;
using Orleans.Serialization.Session;

namespace Orleans.Runtime;

/// <summary>A call of a method of a grain interface.</summary>
internal abstract class Request : IInvokable
{
    private CancellationTokenSource? _cancellation;
    private object? _target;

    /// <summary>The method that is called.</summary>
    public abstract InterfaceMethod Method { get; }

    public bool IsCancellable => Method.TakesToken;

    protected object? Target => _target;

    public object? GetTarget() => _target;

    public void SetTarget(ITargetHolder holder)
    {
        ArgumentNullException.ThrowIfNull(holder);
        _target = Method.IsExtension ? holder.GetComponent(Method.Interface) : holder.GetTarget();
    }

    public ValueTask<Response> Invoke()
    {
        if (_target is null)
        {
            return new ValueTask<Response>(Response.FromException(NoTarget()));
        }

        try
        {
            return InvokeTarget();
        }
        catch (Exception exception)
        {
            return new ValueTask<Response>(Response.FromException(exception));
        }
    }

    /// <summary>Calls the method. Only what throws at once throws; a task that fails makes a response.</summary>
    protected abstract ValueTask<Response> InvokeTarget();

    /// <summary>Calls a method that returns a stream.</summary>
    public abstract object OpenStream(CancellationToken cancellationToken);

    public abstract int GetArgumentCount();

    public abstract object? GetArgument(int index);

    public abstract void SetArgument(int index, object value);

    public string GetMethodName() => Method.Info.Name;

    public string GetInterfaceName() => Method.InterfaceName;

    public string GetActivityName() => $"{Method.Interface.Name}/{Method.Info.Name}";

    public MethodInfo GetMethod() => Method.Info;

    public Type GetInterfaceType() => Method.Interface;

    public TimeSpan? GetDefaultResponseTimeout() => Method.Timeout;

    public CancellationToken GetCancellationToken() => Method.TakesToken ? Source().Token : CancellationToken.None;

    public bool TryCancel()
    {
        if (!Method.TakesToken || Source().IsCancellationRequested)
        {
            return false;
        }

        Source().Cancel();
        return true;
    }

    public void Dispose() => _cancellation?.Dispose();

    /// <summary>Whether <see cref="TryCancel"/> was called.</summary>
    public bool IsCancelled => _cancellation is { IsCancellationRequested: true };

    /// <summary>Writes the arguments into the body of a message.</summary>
    public abstract void WriteArguments(SerializerSessionPool pool, IBufferWriter<byte> output);

    protected Exception NoTarget() => Method.IsExtension
        ? new GrainExtensionNotInstalledException($"No implementation of {Method.Interface} is installed. Add one with AddGrainExtension.")
        : new InvalidOperationException($"The call of {Method.InterfaceName}.{Method.Info.Name} has no target. Set one before it is invoked.");

    private CancellationTokenSource Source()
    {
        // The callee's turn and the message that cancels may meet here.
        return _cancellation ?? Interlocked.CompareExchange(ref _cancellation, new CancellationTokenSource(), null) ?? _cancellation;
    }
}

/// <summary>A call with its arguments: a value tuple of them, without the cancellation token.</summary>
internal sealed class Request<TArguments>(InterfaceMethod<TArguments> method, TArguments arguments) : Request
    where TArguments : struct, ITuple
{
    private TArguments _arguments = arguments;

    public override InterfaceMethod Method => method;

    protected override ValueTask<Response> InvokeTarget() => method.Invoke(Target!, ref _arguments, GetCancellationToken());

    public override object OpenStream(CancellationToken cancellationToken) =>
        method.OpenStream(Target ?? throw NoTarget(), ref _arguments, cancellationToken);

    public override int GetArgumentCount() => _arguments.Length;

    public override object? GetArgument(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _arguments.Length);
        var value = _arguments[index];
        return value is IByReference wrapped ? wrapped.Value : value;
    }

    public override void SetArgument(int index, object value)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _arguments.Length);
        _arguments = (TArguments)ArgumentTuples.With(_arguments, index, value);
    }

    public override void WriteArguments(SerializerSessionPool pool, IBufferWriter<byte> output)
    {
        if (method.TypeArguments is { } types)
        {
            GenericMethod.WritePrefix(types, output);
        }

        pool.Write(_arguments, output);
    }
}

/// <summary>Value tuples of any length, as they hold arguments.</summary>
internal static class ArgumentTuples
{
    private const int Direct = 7;

    /// <summary>The type for arguments of some types; from the eighth on they are in a nested tuple.</summary>
    public static Type TypeOf(ReadOnlySpan<Type> types)
    {
        if (types.Length > Direct)
        {
            return typeof(ValueTuple<,,,,,,,>).MakeGenericType([.. types[..Direct], TypeOf(types[Direct..])]);
        }

        return types.Length switch
        {
            0 => typeof(ValueTuple),
            1 => typeof(ValueTuple<>).MakeGenericType([.. types]),
            2 => typeof(ValueTuple<,>).MakeGenericType([.. types]),
            3 => typeof(ValueTuple<,,>).MakeGenericType([.. types]),
            4 => typeof(ValueTuple<,,,>).MakeGenericType([.. types]),
            5 => typeof(ValueTuple<,,,,>).MakeGenericType([.. types]),
            6 => typeof(ValueTuple<,,,,,>).MakeGenericType([.. types]),
            _ => typeof(ValueTuple<,,,,,,>).MakeGenericType([.. types]),
        };
    }

    /// <summary>The types that <see cref="TypeOf"/> made a tuple of.</summary>
    public static Type[] TypesOf(Type tuple)
    {
        var types = tuple.GetGenericArguments();
        return types.Length > Direct ? [.. types[..Direct], .. TypesOf(types[Direct])] : types;
    }

    /// <summary>The field of an argument, and in which nested tuple it is.</summary>
    public static (int Depth, string Field) Locate(int index) => (index / Direct, $"Item{(index % Direct) + 1}");

    /// <summary>A copy with one argument replaced.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Fields of value tuples.")]
    public static object With(object tuple, int index, object? value)
    {
        if (index >= Direct)
        {
            var rest = tuple.GetType().GetField("Rest")!;
            rest.SetValue(tuple, With(rest.GetValue(tuple)!, index - Direct, value));
            return tuple;
        }

        var field = tuple.GetType().GetField($"Item{index + 1}")!;
        field.SetValue(
            tuple,
            typeof(IByReference).IsAssignableFrom(field.FieldType) ? Activator.CreateInstance(field.FieldType, value) : value);
        return tuple;
    }
}
