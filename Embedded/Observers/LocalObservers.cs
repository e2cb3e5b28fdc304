using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>The objects of a client that grains call. They are held weakly; calls to one run one at a time, on the thread pool. Thread-safe.</summary>
internal sealed partial class LocalObservers(CallRuntime runtime, ILogger log, Action<Message, Response> answer)
{
    private readonly ILogger _logger = log;
    private readonly Action<Message, Response> _respond = answer;
    private readonly ConcurrentDictionary<GrainId, Observer> _observers = new();

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
        _observers[id] = new Observer(this, id, target);
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

    /// <summary>One object with the calls that wait for it.</summary>
    private sealed class Observer(LocalObservers owner, GrainId id, IGrainObserver target) : ITargetHolder
    {
        private readonly WeakReference<IGrainObserver> _target = new(target);
        private readonly Queue<Message> _waiting = new();
        private bool _isRunning;

        public object? GetTarget() => _target.TryGetTarget(out var target) ? target : null;

        public object? GetComponent(Type componentType) => GetTarget() is { } target && componentType.IsInstanceOfType(target) ? target : null;

        public void Receive(Message message)
        {
            if (message.IsAlwaysInterleave)
            {
                Start(() => RunAsync(message));
                return;
            }

            lock (_waiting)
            {
                _waiting.Enqueue(message);
                if (_isRunning)
                {
                    return;
                }

                _isRunning = true;
            }

            Start(RunAllAsync);
        }

        private static void Start(Func<Task> work)
        {
            using (ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow())
            {
                _ = Task.Run(work);
            }
        }

        private async Task RunAllAsync()
        {
            while (true)
            {
                Message? message;
                lock (_waiting)
                {
                    if (!_waiting.TryDequeue(out message))
                    {
                        _isRunning = false;
                        return;
                    }
                }

                await RunAsync(message).ConfigureAwait(false);
            }
        }

        private async Task RunAsync(Message message)
        {
            if (message.IsExpired)
            {
                return;
            }

            if (GetTarget() is not { } target)
            {
                owner._observers.TryRemove(id, out _);
                return;
            }

            Response response;
            try
            {
                RequestContext.Import(message.RequestContextData, message.ReentrancyId);
                var request = message.Request!;
                request.SetTarget(this);
                response = await request.Invoke().ConfigureAwait(false);
            }
            catch (Exception exception)
            {
                response = Response.FromException(exception);
            }

            GC.KeepAlive(target);
            if (message.Kind == MessageKind.Request)
            {
                owner._respond(message, response);
            }
            else if (response.Exception is { } failure)
            {
                LogFailed(owner._logger, id, failure);
            }
        }
    }

    [LoggerMessage(LogLevel.Debug, "A call came for observer {Observer}, which is deleted. It is dropped.")]
    private static partial void LogUnknown(ILogger logger, GrainId observer);

    [LoggerMessage(LogLevel.Warning, "Observer {Observer} failed in a one-way call.")]
    private static partial void LogFailed(ILogger logger, GrainId observer, Exception exception);
}
