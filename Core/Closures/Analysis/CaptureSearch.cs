using System.Reflection;
using Dpark.Closures.Code;

namespace Dpark.Closures.Analysis;

/// <summary>Goes through a function and all the code that can touch what it captures. Used by one thread, once.</summary>
internal sealed class CaptureSearch
{
    /// <summary>Methods after which the search gives up and everything is sent. No hand-written function comes near.</summary>
    private const int MaxMethods = 2_000;

    private const BindingFlags AllMethods =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private readonly HashSet<(Module Module, int Token)> _fields = [];
    private readonly HashSet<(Module Module, int Token)> _seen = [];
    private readonly HashSet<Type> _mentioned = [];
    private readonly Queue<(MethodBase Method, bool TracksThis)> _open = new();
    private bool _thisEscapes;

    /// <exception cref="NotSupportedException">Some of the code cannot be followed.</exception>
    public CapturePlan Run(MethodBase function)
    {
        Enter(function);
        while (_open.TryDequeue(out var next))
        {
            if (_seen.Count > MaxMethods)
            {
                throw new NotSupportedException("The function uses too many methods.");
            }

            var body = next.Method.GetMethodBody() ?? throw new NotSupportedException("A method has no body.");
            new MethodScan(this, next.Method, body, next.TracksThis).Run();
        }

        return new CapturePlan(_fields, ReachesAll: false, _thisEscapes);
    }

    /// <summary>The outer <c>this</c> is used as a whole.</summary>
    public void OnEscape() => _thisEscapes = true;

    public void OnRead(FieldInfo field)
    {
        _fields.Add((field.Module, field.MetadataToken));
        OnMention(field.DeclaringType!);
    }

    /// <summary>A method is called, or a delegate is made of it, on something else than the outer <c>this</c>.</summary>
    /// <remarks>A hand-written method cannot touch captured variables, so only the compiler's are followed.</remarks>
    public void OnUse(MethodBase method)
    {
        if (method.DeclaringType is { } type)
        {
            OnMention(type);
        }

        if (method.IsGenericMethod)
        {
            Array.ForEach(method.GetGenericArguments(), OnMention);
        }

        if (CompilerNames.IsGenerated(method) && !method.IsAbstract && !SharedAssemblies.IsShared(method.Module.Assembly))
        {
            Enter(method);
        }
    }

    public void OnCallOnThis(MethodBase method) => Enter(method);

    /// <summary>A type is named. If it is the state machine of an iterator or of an async method, its code runs too, by interface calls.</summary>
    public void OnMention(Type type)
    {
        if (type.IsGenericParameter || type.HasElementType || type.DeclaringType is null || SharedAssemblies.IsShared(type.Assembly) ||
            !CompilerNames.IsGenerated(type) || CompilerNames.IsClosureClass(type) || !_mentioned.Add(type))
        {
            return;
        }

        foreach (var method in type.GetMethods(AllMethods))
        {
            if (!method.IsAbstract)
            {
                Enter(method);
            }
        }
    }

    private void Enter(MethodBase method)
    {
        var definition = method.Module.ResolveMethod(method.MetadataToken)!;
        if (_seen.Add((definition.Module, definition.MetadataToken)))
        {
            _open.Enqueue((definition, !definition.IsStatic && definition.DeclaringType is { } type && !CompilerNames.IsGenerated(type)));
        }
    }
}
