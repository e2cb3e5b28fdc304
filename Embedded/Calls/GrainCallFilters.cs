using System.Reflection;
using Orleans.Runtime;
using Orleans.Serialization.Invocation;

namespace Orleans;

/// <summary>A call on its way through filters.</summary>
public interface IGrainCallContext
{
    /// <summary>The request.</summary>
    IInvokable Request { get; }

    /// <summary>The grain or, at the caller, the reference.</summary>
    object Grain { get; }

    /// <summary>Who calls; null if unknown.</summary>
    GrainId? SourceId { get; }

    /// <summary>Who is called.</summary>
    GrainId TargetId { get; }

    /// <summary>The interface of the reference.</summary>
    GrainInterfaceType InterfaceType { get; }

    /// <summary>The name of the interface that declares the method.</summary>
    string InterfaceName { get; }

    /// <summary>The name of the method.</summary>
    string MethodName { get; }

    /// <summary>The method of the interface.</summary>
    MethodInfo InterfaceMethod { get; }

    /// <summary>What the call returned, after <see cref="Invoke"/>; or what it shall return.</summary>
    object? Result { get; set; }

    /// <summary>The response, after <see cref="Invoke"/>; or what it shall be.</summary>
    Response? Response { get; set; }

    /// <summary>Goes on with the call. Ends with the callee's exception if it failed.</summary>
    Task Invoke();
}

/// <summary>A call that has arrived.</summary>
public interface IIncomingGrainCallContext : IGrainCallContext
{
    /// <summary>The activation.</summary>
    IGrainContext TargetContext { get; }

    /// <summary>The method of the class.</summary>
    MethodInfo ImplementationMethod { get; }
}

/// <summary>A call that is about to be sent.</summary>
public interface IOutgoingGrainCallContext : IGrainCallContext
{
    /// <summary>The activation that calls; null outside of one.</summary>
    IGrainContext? SourceContext { get; }
}

/// <summary>Sees calls that arrive, also those of timers, extensions and observers.</summary>
public interface IIncomingGrainCallFilter
{
    /// <summary>Goes on by <see cref="IGrainCallContext.Invoke"/>, or sets the result.</summary>
    Task Invoke(IIncomingGrainCallContext context);
}

/// <summary>Sees calls that are about to be sent.</summary>
public interface IOutgoingGrainCallFilter
{
    /// <summary>Goes on by <see cref="IGrainCallContext.Invoke"/>, or sets the result.</summary>
    Task Invoke(IOutgoingGrainCallContext context);
}

/// <summary>An <see cref="IIncomingGrainCallFilter"/> as a function.</summary>
public delegate Task IncomingGrainCallFilterDelegate(IIncomingGrainCallContext context);

/// <summary>An <see cref="IOutgoingGrainCallFilter"/> as a function.</summary>
public delegate Task OutgoingGrainCallFilterDelegate(IOutgoingGrainCallContext context);
