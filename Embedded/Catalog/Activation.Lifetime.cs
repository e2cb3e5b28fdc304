using Microsoft.Extensions.Logging;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>Where an activation is in its life.</summary>
internal enum ActivationState
{
    Activating,
    Valid,
    Deactivating,
    Invalid,
}

internal sealed partial class Activation
{
    private readonly IActivationOwner _owner;
    private ActivationState _state = ActivationState.Activating;
    private TaskCompletionSource? _deactivated;
    private bool _hasEnded;
    private TaskCompletionSource? _drained;
    private CancellationToken _deactivationToken;
    private CancellationTokenSource? _deactivationStop;
    private DeactivationReason _reason;
    private GrainAddress? _winner;
    private bool _isDeactivationWanted;
    private bool _isRegistered;
    private bool _hasStarted;
    private long _keepUntil;
    private List<IDisposable>? _timers;

    public ActivationState State
    {
        get
        {
            lock (_gate)
            {
                return _state;
            }
        }
    }

    /// <summary>Begins to activate. Called once.</summary>
    /// <param name="previous">A registration that is known to be of no use.</param>
    public void Start(GrainAddress? previous) => Turns.Enqueue(new StartTurn(this, previous));

    /// <summary>Whether it was idle for so long that it can end.</summary>
    public bool IsStale(long now)
    {
        lock (_gate)
        {
            return _state == ActivationState.Valid
                && _running.Count == 0
                && _waiting is null or { Count: 0 }
                && Class.CollectionAge != Timeout.InfiniteTimeSpan
                && now >= _keepUntil
                && now - _lastUsed >= Class.CollectionAge.TotalMilliseconds;
        }
    }

    /// <summary>Whether nothing runs or waits, for so long.</summary>
    public bool IsIdleFor(long milliseconds)
    {
        lock (_gate)
        {
            return _state == ActivationState.Valid && _running.Count == 0 && _waiting is null or { Count: 0 }
                && Environment.TickCount64 - _lastUsed >= milliseconds && Environment.TickCount64 >= _keepUntil;
        }
    }

    /// <summary>Keeps it at least so long. Not above zero: takes an earlier wish back.</summary>
    public void DelayDeactivation(TimeSpan time)
    {
        lock (_gate)
        {
            _keepUntil = time <= TimeSpan.Zero && time != Timeout.InfiniteTimeSpan ? 0
                : time == Timeout.InfiniteTimeSpan || time.TotalMilliseconds >= long.MaxValue / 2 ? long.MaxValue
                : Environment.TickCount64 + (long)time.TotalMilliseconds;
        }
    }

    public void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_state is ActivationState.Deactivating or ActivationState.Invalid)
            {
                HurryWith(cancellationToken);
                return;
            }

            _reason = deactivationReason;
            if (_state == ActivationState.Activating)
            {
                // The start sees the reason when it is done.
                _isDeactivationWanted = true;
                return;
            }

            BeginDeactivation(cancellationToken);
        }
    }

    /// <summary>Ends it as if the process had died: nothing of the grain runs that was not running, and nobody is told.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _state = ActivationState.Invalid;
            _waiting = null;
        }

        StopTimers();
        NoteEnd();
    }

    public void Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken = default) =>
        Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "Migration was asked for; the next call places the grain anew."), cancellationToken);

    // Under the lock.
    private void BeginDeactivation(CancellationToken cancellationToken)
    {
        _state = ActivationState.Deactivating;
        _deactivationToken = cancellationToken;
        _enumerations?.ReleaseWaiting();
        Turns.QueueAction(static state => _ = ((Activation)state!).DeactivateAsync(), this);
    }

    // Under the lock. A deactivation that has begun goes on without waiting when the token is cancelled.
    private void HurryWith(CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled)
        {
            return;
        }

        if (_deactivationStop is { } stop)
        {
            cancellationToken.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), stop);
        }
        else if (!_deactivationToken.CanBeCanceled)
        {
            _deactivationToken = cancellationToken;
        }
    }

    /// <summary>What a deactivation waits for in time; null: it has nothing to wait for, which is the rule for short-lived grains.</summary>
    private CancellationTokenSource? LimitDeactivation()
    {
        lock (_gate)
        {
            if (_running.Count > 0)
            {
                _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
            else if (!Class.HasOnDeactivate && _lifecycle is null)
            {
                return null;
            }

            _deactivationStop = CancellationTokenSource.CreateLinkedTokenSource(_deactivationToken);
            _deactivationStop.CancelAfter(Runtime.CollectionOptions.DeactivationTimeout);
            return _deactivationStop;
        }
    }

    private async Task StartAsync(GrainAddress? previous)
    {
        try
        {
            GrainInstance = Class.CreateInstance(this);
            if (!await TryRegisterAsync(previous))
            {
                await EndAsync(new DeactivationReason(DeactivationReasonCode.DuplicateActivation, $"The grain is active already: {_winner}."));
                return;
            }

            await RunOnActivateAsync();
        }
        catch (Exception exception)
        {
            LogActivationFailed(Runtime.Logger, GrainId, exception);
            await FailActivationAsync(exception);
            return;
        }

        List<(Message, Exception)>? refused = null;
        List<Message>? started;
        lock (_gate)
        {
            if (_state == ActivationState.Invalid)
            {
                return;
            }

            _state = ActivationState.Valid;
            _lastUsed = Environment.TickCount64;
            if (_isDeactivationWanted)
            {
                BeginDeactivation(CancellationToken.None);
            }

            started = TakeStartable(ref refused);
        }

        StartAll(started, refused);
    }

    private async ValueTask<bool> TryRegisterAsync(GrainAddress? previous)
    {
        if (!Class.UsesDirectory)
        {
            return true;
        }

        var registered = await Runtime.Locator.RegisterAsync(Address, previous);
        if (registered.ActivationId == ActivationId)
        {
            Address = registered;
            _isRegistered = true;
            return true;
        }

        _winner = registered;
        return false;
    }

    private async ValueTask RunOnActivateAsync()
    {
        if (_lifecycle is null && !Class.HasOnActivate)
        {
            _hasStarted = true;
            return;
        }

        using var budget = new CancellationTokenSource();
        var work = ActivateGrainAsync(budget.Token);
        if (!work.IsCompleted)
        {
            budget.CancelAfter(Runtime.CollectionOptions.ActivationTimeout);
            try
            {
                await work.WaitAsync(Runtime.CollectionOptions.ActivationTimeout + TimeSpan.FromSeconds(1));
            }
            catch (TimeoutException exception) when (!work.IsCompleted)
            {
                throw new TimeoutException(
                    $"Grain {GrainId} did not finish its activation in {Runtime.CollectionOptions.ActivationTimeout}. Do less in OnActivateAsync, or raise ActivationTimeout.", exception);
            }
        }

        await work;
        _hasStarted = true;
    }

    private async Task ActivateGrainAsync(CancellationToken cancellationToken)
    {
        if (_lifecycle is not null)
        {
            await _lifecycle.StartAsync(cancellationToken);
        }

        if (GrainInstance is IGrainBase grain && Class.HasOnActivate)
        {
            await grain.OnActivateAsync(cancellationToken);
        }
    }

    private async Task FailActivationAsync(Exception exception)
    {
        await UnregisterAsync();

        // Out of the catalog first: a caller that tries again at once must find a new activation.
        foreach (var message in LeaveCatalog() ?? [])
        {
            Runtime.Respond(message, Response.FromException(exception));
        }

        await DisposeGrainAsync();
        NoteEnd();
    }

    private async Task DeactivateAsync()
    {
        StopTimers();
        if (LimitDeactivation() is { } limit)
        {
            await RunDeactivationAsync(limit.Token);
        }

        await EndAsync(_reason);
    }

    private async Task RunDeactivationAsync(CancellationToken stop)
    {
        try
        {
            if (_drained is { } drained)
            {
                await drained.Task.WaitAsync(stop);
            }

            if (_hasStarted && !stop.IsCancellationRequested)
            {
                await RunOnDeactivateAsync(stop).WaitAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            LogDeactivationTimeout(Runtime.Logger, GrainId, Runtime.CollectionOptions.DeactivationTimeout);
        }
        catch (Exception exception)
        {
            LogOnDeactivateFailed(Runtime.Logger, GrainId, exception);
        }
    }

    private async Task RunOnDeactivateAsync(CancellationToken cancellationToken)
    {
        if (GrainInstance is IGrainBase grain && Class.HasOnDeactivate)
        {
            try
            {
                await grain.OnDeactivateAsync(_reason, cancellationToken);
            }
            catch (Exception exception)
            {
                LogOnDeactivateFailed(Runtime.Logger, GrainId, exception);
            }
        }

        if (_lifecycle is not null)
        {
            await _lifecycle.StopAsync(exception => LogOnDeactivateFailed(Runtime.Logger, GrainId, exception), cancellationToken);
        }
    }

    private async Task EndAsync(DeactivationReason reason)
    {
        await LeaveAsync(reason);
        await DisposeGrainAsync();
        _deactivationStop?.Dispose();
        NoteEnd();
    }

    /// <summary>Leaves directory and catalog, and sends on what still waits.</summary>
    private async Task LeaveAsync(DeactivationReason reason)
    {
        await UnregisterAsync();
        var waiting = LeaveCatalog();
        LogDeactivated(Runtime.Logger, GrainId, ActivationId, reason.ReasonCode, reason.Description);
        if (waiting is not null)
        {
            await Runtime.RerouteAsync(waiting, Address, _winner);
        }
        else if (Class.UsesDirectory)
        {
            Runtime.Locator.InvalidateCache(Address);
        }
    }

    /// <summary>Leaves the catalog, and only then refuses requests: one that is sent on must not find this activation again.</summary>
    /// <returns>The requests that wait; null: none.</returns>
    private List<Message>? LeaveCatalog()
    {
        _owner.Remove(this);
        lock (_gate)
        {
            _state = ActivationState.Invalid;
            var waiting = _waiting;
            _waiting = null;
            return waiting is { Count: > 0 } ? waiting.ToList() : null;
        }
    }

    private void NoteEnd()
    {
        TaskCompletionSource? awaited;
        lock (_gate)
        {
            _hasEnded = true;
            awaited = _deactivated;
        }

        awaited?.TrySetResult();
    }

    private async Task UnregisterAsync()
    {
        if (!_isRegistered)
        {
            return;
        }

        _isRegistered = false;
        try
        {
            await Runtime.Locator.UnregisterAsync(Address);
        }
        catch (Exception exception)
        {
            // The next activation replaces the registration, for its silo knows this address to be gone.
            LogUnregisterFailed(Runtime.Logger, GrainId, exception);
        }
    }

    private async Task DisposeGrainAsync()
    {
        try
        {
            _enumerations?.EndAll();
            switch (GrainInstance)
            {
                case IAsyncDisposable disposable:
                    await disposable.DisposeAsync();
                    break;
                case IDisposable disposable:
                    disposable.Dispose();
                    break;
            }

            if (_scope is { } scope)
            {
                await scope.DisposeAsync();
            }
        }
        catch (Exception exception)
        {
            LogDisposeFailed(Runtime.Logger, GrainId, exception);
        }
    }

    private sealed class StartTurn(Activation activation, GrainAddress? previous) : ITurn
    {
        public void Run() => _ = activation.StartAsync(previous);

        public override string ToString() => $"activation of {activation.GrainId}";
    }

    [LoggerMessage(LogLevel.Warning, "Grain {Grain} could not be activated. The callers get the exception; the next call tries again.")]
    private static partial void LogActivationFailed(ILogger logger, GrainId grain, Exception exception);

    [LoggerMessage(LogLevel.Error, "Grain {Grain} failed in its deactivation, which goes on.")]
    private static partial void LogOnDeactivateFailed(ILogger logger, GrainId grain, Exception exception);

    [LoggerMessage(LogLevel.Warning, "Grain {Grain} did not end its requests and its deactivation in {Budget}. It is given up.")]
    private static partial void LogDeactivationTimeout(ILogger logger, GrainId grain, TimeSpan budget);

    [LoggerMessage(LogLevel.Debug, "Grain {Grain} {Activation} ended: {Code}. {Reason}")]
    private static partial void LogDeactivated(ILogger logger, GrainId grain, ActivationId activation, DeactivationReasonCode code, string reason);

    [LoggerMessage(LogLevel.Warning, "The registration of grain {Grain} could not be removed from the directory.")]
    private static partial void LogUnregisterFailed(ILogger logger, GrainId grain, Exception exception);

    [LoggerMessage(LogLevel.Error, "Grain {Grain} failed when it was disposed.")]
    private static partial void LogDisposeFailed(ILogger logger, GrainId grain, Exception exception);
}
