using Orleans.Serialization.Invocation;
using Orleans.Storage;

namespace Orleans.Runtime;

internal sealed partial class Activation
{
    private readonly List<Message> _running = new(1);
    private RequestQueue? _waiting;
    private Dictionary<Guid, int>? _reentrantSections;
    private int _blockingCount;
    private int _blockingWritersCount;
    private long _lastUsed;

    /// <summary>Running and waiting requests.</summary>
    public int Load
    {
        get
        {
            lock (_gate)
            {
                return _running.Count + (_waiting?.Count ?? 0);
            }
        }
    }

    /// <summary>Takes a request or a wish to cancel one.</summary>
    public void ReceiveMessage(Message message)
    {
        if (message.Kind == MessageKind.Cancel)
        {
            CancelRequest(message);
            return;
        }

        bool starts;
        var isStuck = false;
        Exception? refusal = null;
        lock (_gate)
        {
            if (_state == ActivationState.Invalid)
            {
                starts = false;
            }
            else
            {
                starts = _state == ActivationState.Valid && MayStart(message, out refusal);
                if (starts)
                {
                    AddRunning(message);
                }
                else if (refusal is null)
                {
                    refusal = CheckLimit(message);
                }

                if (!starts && refusal is null)
                {
                    (_waiting ??= new RequestQueue()).Add(message);
                    isStuck = IsStuck();
                    if (!isStuck)
                    {
                        return;
                    }
                }
            }
        }

        if (starts)
        {
            Turns.Enqueue(new RequestTurn(this, message));
        }
        else if (isStuck)
        {
            LeaveStuck();
        }
        else if (refusal is not null)
        {
            Runtime.Respond(message, Response.FromException(refusal));
        }
        else
        {
            Runtime.Reroute(message, Address);
        }
    }

    public void OnEnterReentrantSection(Guid reentrancyId)
    {
        lock (_gate)
        {
            _reentrantSections ??= [];
            _reentrantSections[reentrancyId] = _reentrantSections.GetValueOrDefault(reentrancyId) + 1;
        }
    }

    public void OnExitReentrantSection(Guid reentrancyId)
    {
        lock (_gate)
        {
            if (_reentrantSections is null || !_reentrantSections.TryGetValue(reentrancyId, out var count))
            {
                return;
            }

            if (count > 1)
            {
                _reentrantSections[reentrancyId] = count - 1;
            }
            else
            {
                _reentrantSections.Remove(reentrancyId);
            }
        }
    }

    /// <summary>Whether a request may start now. Under the lock.</summary>
    private bool MayStart(Message message, out Exception? refusal)
    {
        refusal = null;
        if (_running.Count == 0 || message.IsAlwaysInterleave || Class.IsReentrant || _blockingCount == 0)
        {
            return true;
        }

        if (message.IsReadOnly && _blockingWritersCount == 0)
        {
            return true;
        }

        if (message.ReentrancyId != Guid.Empty && _reentrantSections is not null && _reentrantSections.ContainsKey(message.ReentrancyId))
        {
            return true;
        }

        return Class.HasInterleavePredicate && PredicateAllows(message, out refusal);
    }

    private bool PredicateAllows(Message message, out Exception? refusal)
    {
        refusal = null;
        try
        {
            return Class.MayInterleave(GrainInstance!, message.Request!)
                || _running.TrueForAll(running => running.IsAlwaysInterleave || Class.MayInterleave(GrainInstance!, running.Request!));
        }
        catch (Exception exception)
        {
            refusal = exception;
            return false;
        }
    }

    private void AddRunning(Message message)
    {
        _running.Add(message);
        if (!message.IsAlwaysInterleave)
        {
            if (_blockingCount++ == 0)
            {
                _blockedSince = Environment.TickCount64;
            }

            _blockingWritersCount += message.IsReadOnly ? 0 : 1;
        }
    }

    private void RemoveRunning(Message message)
    {
        _running.Remove(message);
        if (!message.IsAlwaysInterleave)
        {
            _blockingCount--;
            _blockingWritersCount -= message.IsReadOnly ? 0 : 1;
        }
    }

    /// <summary>Starts waiting requests that may. Under the lock; the result is handed to <see cref="StartAll"/> outside of it.</summary>
    private List<Message>? TakeStartable(ref List<(Message, Exception)>? refused)
    {
        if (_waiting is null or { Count: 0 } || _state != ActivationState.Valid)
        {
            return null;
        }

        List<Message>? started = null;
        for (var i = 0; i < _waiting.Count;)
        {
            var message = _waiting[i];
            if (MayStart(message, out var refusal))
            {
                AddRunning(message);
                (started ??= []).Add(message);
                _waiting.RemoveAt(i);
            }
            else if (refusal is not null)
            {
                (refused ??= []).Add((message, refusal));
                _waiting.RemoveAt(i);
            }
            else
            {
                i++;
                if (!_waiting.MayOvertake && !Class.HasInterleavePredicate)
                {
                    break;
                }
            }
        }

        return started;
    }

    private void StartAll(List<Message>? started, List<(Message Message, Exception Exception)>? refused)
    {
        foreach (var message in started ?? [])
        {
            Turns.Enqueue(new RequestTurn(this, message));
        }

        foreach (var (message, exception) in refused ?? [])
        {
            Runtime.Respond(message, Response.FromException(exception));
        }
    }

    /// <summary>Runs a request: the turn that starts it, and those that follow its awaits.</summary>
    private async Task RunRequestAsync(Message message)
    {
        Response? response = null;
        try
        {
            if (message.IsExpired)
            {
                return;
            }

            if (message.Request is Request { IsCancelled: true })
            {
                response = Response.FromException(new OperationCanceledException("The caller cancelled the request before it started."));
                return;
            }

            RequestContext.Import(message.RequestContextData, message.ReentrancyId);
            var request = message.Request!;
            request.SetTarget(this);
            var filters = Runtime.IncomingFilters;
            response = filters.Length == 0 && !Class.HasFilter
                ? await request.Invoke()
                : Adapt(request, await new IncomingCallContext(message, request, this, filters).RunFiltersAsync());
        }
        catch (Exception exception)
        {
            response = Response.FromException(exception);
        }
        finally
        {
            CompleteRequest(message, response);
        }
    }

    // A filter sets results without knowing their type.
    private static Response Adapt(IInvokable invokable, Response response) => invokable is Request request ? request.Method.Adapt(response) : response;

    private void CompleteRequest(Message message, Response? response)
    {
        List<(Message, Exception)>? refused = null;
        List<Message>? started;
        bool isDrained;
        lock (_gate)
        {
            RemoveRunning(message);
            if (!message.IsTimerTick || message.KeepsAlive)
            {
                _lastUsed = Environment.TickCount64;
            }

            started = TakeStartable(ref refused);
            isDrained = _drained is not null && _running.Count == 0;
        }

        if (response is not null)
        {
            if (response.Exception is InconsistentStateException { IsSourceActivation: true } conflict)
            {
                conflict.IsSourceActivation = false;
                Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationError, conflict, "The stored state was changed by another activation."));
            }

            Runtime.Respond(message, response);
        }

        StartAll(started, refused);
        if (isDrained)
        {
            _drained?.TrySetResult();
        }
    }

    private void CancelRequest(Message cancel)
    {
        Message? waiting = null;
        Request? running = null;
        lock (_gate)
        {
            waiting = _waiting?.Remove(cancel.SendingGrain, cancel.Id);
            if (waiting is null)
            {
                running = _running.Find(message => message.Id == cancel.Id && message.SendingGrain == cancel.SendingGrain)?.Request as Request;
            }
        }

        if (waiting is not null)
        {
            Runtime.Respond(waiting, Response.FromException(new OperationCanceledException("The caller cancelled the request before it started.")));
        }
        else if (running is not null)
        {
            Turns.QueueAction(static state => ((Request)state!).TryCancel(), running);
        }
    }

    /// <summary>The first turn of a request.</summary>
    private sealed class RequestTurn(Activation activation, Message message) : ITurn
    {
        public void Run() => _ = activation.RunRequestAsync(message);

        public override string ToString() => message.ToString();
    }
}
