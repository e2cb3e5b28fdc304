using System.Reflection;

namespace Orleans.Runtime;

/// <summary>The types that a method of a grain interface is emitted with.</summary>
internal sealed class MethodShape
{
    private static readonly Type[] GenericReturnTypes = [typeof(Task<>), typeof(ValueTask<>), typeof(IAsyncEnumerable<>)];

    /// <exception cref="ArgumentException">The method cannot be called remotely.</exception>
    /// <param name="typeParameters">What stands for the type parameters of a generic method in the emitted code.</param>
    public MethodShape(MethodInfo info, int index, Type[]? typeParameters = null)
    {
        Info = info;
        Index = index;
        TypeParameters = typeParameters ?? [];
        Type[] own = typeParameters is null ? [] : info.GetGenericArguments();
        var parameters = info.GetParameters();
        ParameterTypes = [.. parameters.Select(parameter => EmittedMembers.Substitute(parameter.ParameterType, own, TypeParameters))];
        ReturnType = EmittedMembers.Substitute(info.ReturnType, own, TypeParameters);
        TokenParameter = Array.FindIndex(ParameterTypes, type => type == typeof(CancellationToken));
        Check();
        Arguments =
        [
            .. parameters
                .Where(parameter => parameter.Position != TokenParameter)
                .Select(parameter => new Argument(
                    parameter.Position, ParameterTypes[parameter.Position], parameter.IsDefined(typeof(ImmutableAttribute), inherit: false))),
        ];
        TupleType = ArgumentTuples.TypeOf(
            [.. Arguments.Select(argument => argument.IsShared ? typeof(ByReference<>).MakeGenericType(argument.Type) : argument.Type)]);
        (MethodType, var result) = Kind(ReturnType, TupleType);
        InvokerType = typeof(MethodInvoker<,>).MakeGenericType(TupleType, result);
    }

    public MethodInfo Info { get; }

    /// <summary>Distinguishes overloads.</summary>
    public int Index { get; }

    /// <summary>The type parameters of a generic method; empty for any other.</summary>
    public Type[] TypeParameters { get; }

    public Type[] ParameterTypes { get; }

    public Type ReturnType { get; }

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
        var method = definition == typeof(Task<>) ? typeof(TaskMethod<,>)
            : definition == typeof(ValueTask<>) ? typeof(ValueTaskMethod<,>)
            : typeof(StreamMethod<,>);
        return (method.MakeGenericType(tuple, returnType.GetGenericArguments()[0]), returnType);
    }

    private void Check()
    {
        var returnType = Info.ReturnType;
        var isAllowed = returnType == typeof(void) || returnType == typeof(Task) || returnType == typeof(ValueTask)
            || (returnType.IsGenericType && Array.IndexOf(GenericReturnTypes, returnType.GetGenericTypeDefinition()) >= 0);
        var reason = Info.IsSpecialName ? "it belongs to a property or event"
            : !isAllowed ? $"it returns {returnType}"
            : Array.Exists(Info.GetParameters(), parameter => parameter.ParameterType is { } type && (type.IsByRef || type.IsPointer || type.IsByRefLike)) ? "a parameter is passed by reference"
            : ParameterTypes.Count(type => type == typeof(CancellationToken)) > 1 ? "it takes several cancellation tokens"
            : null;
        if (reason is not null)
        {
            throw new ArgumentException(
                $"Grain interface method {Info.DeclaringType}.{Info.Name} cannot be called remotely: {reason}. "
                + "Return Task, Task<T>, ValueTask, ValueTask<T>, IAsyncEnumerable<T> or void, and take values.");
        }
    }

    /// <summary>A parameter that is sent.</summary>
    internal readonly record struct Argument(int Position, Type Type, bool IsShared);
}
