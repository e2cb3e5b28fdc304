using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>A call that waits for its answer. Whoever removes it from <see cref="PendingCalls"/> completes it, once.</summary>
internal abstract class PendingCall(Message request, InterfaceMethod method, PendingCalls owner, TimeSpan timeout)
{
    private CancellationTokenRegistration _registration;

    public Message Request { get; } = request;

    public InterfaceMethod Method { get; } = method;

    /// <summary>By <see cref="Environment.TickCount64"/>.</summary>
    public long Deadline { get; } = timeout == System.Threading.Timeout.InfiniteTimeSpan || timeout == TimeSpan.MaxValue
        ? long.MaxValue
        : Environment.TickCount64 + (long)timeout.TotalMilliseconds;

    public TimeSpan Timeout { get; } = timeout;

    /// <summary>Ends the call when the token is cancelled.</summary>
    public void CancelWith(CancellationToken cancellationToken) =>
        _registration = cancellationToken.UnsafeRegister(static (state, token) => ((PendingCall)state!).OnCancelled(token), this);

    /// <summary>Ends the call with what the callee answered.</summary>
    public void Complete(Response response)
    {
        _registration.Dispose();
        SetResult(response);
    }

    /// <summary>Ends the call with a failure.</summary>
    public void Fail(Exception exception)
    {
        _registration.Dispose();
        SetException(exception);
    }

    /// <summary>Lets go of the token of a call that was not made.</summary>
    public void Forget() => _registration.Dispose();

    protected abstract void SetResult(Response response);

    protected abstract void SetException(Exception exception);

    protected abstract void SetCancelled(CancellationToken cancellationToken);

    private void OnCancelled(CancellationToken cancellationToken)
    {
        if (owner.WaitsForCancellation)
        {
            owner.SendCancel(Request);
        }
        else if (owner.TryRemove(Request.Id, out _))
        {
            SetCancelled(cancellationToken);
            owner.SendCancel(Request);
        }
    }
}

/// <summary>A call that waits for a result.</summary>
internal sealed class PendingCall<TResult>(Message request, InterfaceMethod method, PendingCalls owner, TimeSpan timeout)
    : PendingCall(request, method, owner, timeout)
{
    // The caller's code must not run on the callee's turn.
    private readonly TaskCompletionSource<TResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<TResult> Task => _completion.Task;

    protected override void SetResult(Response response)
    {
        if (response.Exception is { } exception)
        {
            _completion.TrySetException(exception);
        }
        else if (typeof(TResult) == typeof(Nothing))
        {
            _completion.TrySetResult(default!);
        }
        else
        {
            try
            {
                _completion.TrySetResult(response.GetResult<TResult>());
            }
            catch (Exception failure) when (failure is InvalidCastException or NullReferenceException)
            {
                // A filter may have set a result of another type.
                _completion.TrySetException(failure);
            }
        }
    }

    protected override void SetException(Exception exception) => _completion.TrySetException(exception);

    protected override void SetCancelled(CancellationToken cancellationToken) => _completion.TrySetCanceled(cancellationToken);
}
