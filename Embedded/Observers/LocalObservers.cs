using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>The objects of a client that grains call. They are held weakly; calls to one run one at a time, on the thread pool. Thread-safe.</summary>
internal sealed partial class LocalObservers(CallRuntime runtime, ILogger log, Action<Message, Response> answer)
{
    private readonly ILogger _logger = log;
    private readonly Action<Message, Response> _respond = answer;
    private readonly ConcurrentDictionary<GrainId, LocalObserver> _observers = new();

    public object Add(IGrainObserver target, Type interfaceType)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (target is GrainReference)
        {
            throw new ArgumentException("The argument is a reference already. Pass it to grains as it is.", nameof(target));
        }

        if (target is IGrainBase)
        {
            throw new ArgumentException("The argument is a grain. A grain passes itself by AsReference.", nameof(target));
        }

        var id = GrainId.Create(GrainTypePrefix.ClientGrainType, $"{runtime.ClientId.Key}{ClientKey.Separator}{Guid.NewGuid():N}");
        _observers[id] = new LocalObserver(this, runtime, id, target);
        return runtime.GetReference(id, interfaceType);
    }

    public void Remove(GrainReference reference)
    {
        if (!_observers.TryRemove(reference.GrainId, out _))
        {
            throw new ArgumentException($"{reference} was not made by this client, or is deleted already.", nameof(reference));
        }
    }

    /// <summary>Takes a call whose request has been read.</summary>
    public void Receive(Message message)
    {
        if (!_observers.TryGetValue(message.TargetGrain, out var observer))
        {
            // Nobody answers: the caller's call ends with its timeout.
            LogUnknown(_logger, message.TargetGrain);
            return;
        }

        observer.Receive(message);
    }

    /// <summary>Ends a call that was carried out.</summary>
    internal void Complete(GrainId id, Message message, Response response)
    {
        if (message.Kind == MessageKind.Request)
        {
            _respond(message, response);
        }
        else if (response.Exception is { } failure)
        {
            LogFailed(_logger, id, failure);
        }
    }

    /// <summary>Forgets an object that was collected.</summary>
    internal void Forget(GrainId id) => _observers.TryRemove(id, out _);

    [LoggerMessage(LogLevel.Debug, "A call came for observer {Observer}, which is deleted. It is dropped.")]
    private static partial void LogUnknown(ILogger logger, GrainId observer);

    [LoggerMessage(LogLevel.Warning, "Observer {Observer} failed in a one-way call.")]
    private static partial void LogFailed(ILogger logger, GrainId observer, Exception exception);
}
