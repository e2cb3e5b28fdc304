using System.Reflection;

namespace Orleans.Serialization.Invocation;

/// <summary>Holds what is called: an activation, or an object of a client.</summary>
public interface ITargetHolder
{
    /// <summary>The object that is called.</summary>
    object? GetTarget();

    /// <summary>A part of the holder, such as an extension; null if it has none of the type.</summary>
    object? GetComponent(Type componentType);
}

/// <summary>A call: method and arguments. Arguments are counted without the cancellation token.</summary>
public interface IInvokable : IDisposable
{
    /// <summary>Whether the method takes a cancellation token.</summary>
    bool IsCancellable => false;

    /// <summary>What is called; null before it is known.</summary>
    object? GetTarget();

    /// <summary>Sets what is called.</summary>
    void SetTarget(ITargetHolder holder);

    /// <summary>Calls.</summary>
    ValueTask<Response> Invoke();

    /// <summary>How many arguments there are.</summary>
    int GetArgumentCount();

    /// <summary>An argument.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    object? GetArgument(int index);

    /// <summary>Replaces an argument.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    void SetArgument(int index, object value);

    /// <summary>The name of the method.</summary>
    string GetMethodName();

    /// <summary>The full name of the interface that declares the method.</summary>
    string GetInterfaceName();

    /// <summary>What traces call it: interface and method.</summary>
    string GetActivityName();

    /// <summary>The method of the interface.</summary>
    MethodInfo GetMethod();

    /// <summary>The interface that declares the method.</summary>
    Type GetInterfaceType();

    /// <summary>The timeout that the method declares; null if it declares none.</summary>
    TimeSpan? GetDefaultResponseTimeout() => null;

    /// <summary>The token that the method is called with.</summary>
    CancellationToken GetCancellationToken() => CancellationToken.None;

    /// <summary>Cancels the token. False if there is none, or it is cancelled.</summary>
    bool TryCancel() => false;
}
