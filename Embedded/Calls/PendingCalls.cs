using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Orleans.Configuration;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>The calls of one runtime that wait for answers, and the ticker that ends them in time. Thread-safe.</summary>
internal sealed class PendingCalls : IDisposable
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<long, PendingCall> _calls = new();
    private readonly MessagingOptions _options;
    private readonly Action<Message> _sendCancel;
    private readonly Timer _ticker;
    private Func<Exception>? _closed;
    private long _lastId;

    public PendingCalls(MessagingOptions options, Action<Message> sendCancel)
    {
        _options = options;
        _sendCancel = sendCancel;
        _ticker = new Timer(static state => ((PendingCalls)state!).EndOverdue(), this, Tick, Tick);
    }

    public bool WaitsForCancellation => _options.WaitForCancellationAcknowledgement;

    public int Count => _calls.Count;

    public long NextId() => Interlocked.Increment(ref _lastId);

    public void Add(PendingCall call)
    {
        _calls[call.Request.Id] = call;
        if (Volatile.Read(ref _closed) is { } reason && TryRemove(call.Request.Id, out _))
        {
            call.Fail(reason());
        }
    }

    public bool TryRemove(long id, [NotNullWhen(true)] out PendingCall? call) => _calls.TryRemove(id, out call);

    public bool TryGet(long id, [NotNullWhen(true)] out PendingCall? call) => _calls.TryGetValue(id, out call);

    /// <summary>Ends a call with its answer. An answer that comes too late is dropped.</summary>
    public void Complete(long id, Response response)
    {
        if (_calls.TryRemove(id, out var call))
        {
            call.Complete(response);
        }
    }

    public void Fail(long id, Exception exception)
    {
        if (_calls.TryRemove(id, out var call))
        {
            call.Fail(exception);
        }
    }

    /// <summary>Ends the calls of a silo that died.</summary>
    public void FailCallsTo(SiloAddress silo)
    {
        foreach (var (id, call) in _calls)
        {
            if (silo.Equals(call.Request.TargetSilo) && TryRemove(id, out _))
            {
                call.Fail(new SiloUnavailableException(
                    $"The target silo became unavailable for message: {call.Request}. Whether the call was carried out is unknown."));
            }
        }
    }

    /// <summary>Ends all calls, and those that are made later at once.</summary>
    public void Close(Func<Exception> reason)
    {
        Volatile.Write(ref _closed, reason);
        foreach (var id in _calls.Keys)
        {
            Fail(id, reason());
        }
    }

    public void SendCancel(Message request) => _sendCancel(request);

    public void Dispose() => _ticker.Dispose();

    private void EndOverdue()
    {
        var now = Environment.TickCount64;
        foreach (var (id, call) in _calls)
        {
            if (now < call.Deadline || !TryRemove(id, out _))
            {
                continue;
            }

            call.Fail(new TimeoutException(
                $"Response did not arrive on time in {call.Timeout} for message: {call.Request}. Whether the call was carried out is unknown."));
            if (_options.CancelRequestOnTimeout && call.Method.TakesToken)
            {
                SendCancel(call.Request);
            }
        }
    }
}
