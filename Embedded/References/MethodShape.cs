using System.Reflection;

namespace Orleans.Runtime;

/// <summary>The types that a method of a grain interface is emitted with.</summary>
internal sealed class MethodShape
{
    /// <exception cref="ArgumentException">The method cannot be called remotely.</exception>
    public MethodShape(MethodInfo info, int index)
    {
        Info = info;
        Index = index;
        var parameters = info.GetParameters();
        ParameterTypes = [.. parameters.Select(parameter => parameter.ParameterType)];
        TokenParameter = Array.FindIndex(ParameterTypes, type => type == typeof(CancellationToken));
        Check();
        Arguments =
        [
            .. parameters
                .Where(parameter => parameter.Position != TokenParameter)
                .Select(parameter => new Argument(
                    parameter.Position, parameter.ParameterType, parameter.IsDefined(typeof(ImmutableAttribute), inherit: false))),
        ];
        TupleType = ArgumentTuples.TypeOf(
            [.. Arguments.Select(argument => argument.IsShared ? typeof(ByReference<>).MakeGenericType(argument.Type) : argument.Type)]);
        (MethodType, var result) = Kind(info.ReturnType, TupleType);
        InvokerType = typeof(MethodInvoker<,>).MakeGenericType(TupleType, result);
    }

    public MethodInfo Info { get; }

    /// <summary>Distinguishes overloads.</summary>
    public int Index { get; }

    public Type[] ParameterTypes { get; }

    /// <summary>The position of the cancellation token; -1 if there is none.</summary>
    public int TokenParameter { get; }

    /// <summary>The parameters but the token.</summary>
    public Argument[] Arguments { get; }

    /// <summary>Holds the arguments.</summary>
    public Type TupleType { get; }

    /// <summary>The class derived from <see cref="InterfaceMethod"/>.</summary>
    public Type MethodType { get; }

    public Type InvokerType { get; }

    public string FieldName => $"Method{Index}";

    public string InvokerName => $"Invoke{Index}";

    private static (Type Method, Type Result) Kind(Type returnType, Type tuple)
    {
        if (returnType == typeof(Task))
        {
            return (typeof(TaskMethod<>).MakeGenericType(tuple), returnType);
        }

        if (returnType == typeof(ValueTask))
        {
            return (typeof(ValueTaskMethod<>).MakeGenericType(tuple), returnType);
        }

        if (returnType == typeof(void))
        {
            return (typeof(VoidMethod<>).MakeGenericType(tuple), typeof(object));
        }

        var definition = returnType.GetGenericTypeDefinition();
        return ((definition == typeof(Task<>) ? typeof(TaskMethod<,>) : typeof(ValueTaskMethod<,>)).MakeGenericType(tuple, returnType.GetGenericArguments()[0]), returnType);
    }

    private void Check()
    {
        var returnType = Info.ReturnType;
        var isAllowed = returnType == typeof(void) || returnType == typeof(Task) || returnType == typeof(ValueTask)
            || (returnType.IsGenericType && (returnType.GetGenericTypeDefinition() == typeof(Task<>) || returnType.GetGenericTypeDefinition() == typeof(ValueTask<>)));
        var reason = Info.IsSpecialName ? "it belongs to a property or event"
            : Info.IsGenericMethodDefinition ? "it is generic"
            : !isAllowed ? $"it returns {returnType}"
            : Array.Exists(ParameterTypes, type => type.IsByRef || type.IsPointer || type.IsByRefLike) ? "a parameter is passed by reference"
            : ParameterTypes.Count(type => type == typeof(CancellationToken)) > 1 ? "it takes several cancellation tokens"
            : null;
        if (reason is not null)
        {
            throw new ArgumentException(
                $"Grain interface method {Info.DeclaringType}.{Info.Name} cannot be called remotely: {reason}. "
                + "Return Task, Task<T>, ValueTask, ValueTask<T> or void, and take values.");
        }
    }

    /// <summary>A parameter that is sent.</summary>
    internal readonly record struct Argument(int Position, Type Type, bool IsShared);
}
