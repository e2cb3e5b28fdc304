using System.Reflection;
using Microsoft.Extensions.Logging;
using Orleans.Serialization.Invocation;

namespace Orleans.Runtime;

/// <summary>What a tick calls; filters see it by this name.</summary>
internal interface IGrainTimerInvoker : IAddressable
{
    Task InvokeCallbackAsync(CancellationToken cancellationToken);
}

/// <summary>
/// A timer of an activation. Each tick is a request of the activation to itself, so it waits for its turn and is seen by filters; the clock starts anew when the
/// tick has ended, so ticks never overlap.
/// </summary>
internal sealed partial class GrainTimer<TState> : IGrainTimer, IGrainTimerInvoker, ITargetHolder
{
    private readonly Lock _gate = new();
    private readonly Activation _activation;
    private readonly Func<TState, CancellationToken, Task> _callback;
    private readonly TState _state;
    private readonly GrainTimerCreationOptions _options;
    private readonly CancellationTokenSource _stop = new();
    private readonly ITimer _timer;
    private TimeSpan _dueTime;
    private TimeSpan _period;
    private bool _isTicking;
    private bool _wasChanged;
    private bool _isDisposed;

    public GrainTimer(Activation activation, TimeProvider clock, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    {
        Check(options.DueTime, nameof(options.DueTime));
        Check(options.Period, nameof(options.Period));
        _activation = activation;
        _callback = callback;
        _state = state;
        _options = options;
        _period = options.Period;

        // A tick must not inherit what the code that registers the timer has set.
        using (ExecutionContext.SuppressFlow())
        {
            _timer = clock.CreateTimer(static self => ((GrainTimer<TState>)self!).OnDue(), this, options.DueTime, Timeout.InfiniteTimeSpan);
        }
    }

    public void Change(TimeSpan dueTime, TimeSpan period)
    {
        Check(dueTime, nameof(dueTime));
        Check(period, nameof(period));
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _dueTime = dueTime;
            _period = period;
            _wasChanged = _isTicking;
            if (!_isTicking)
            {
                _timer.Change(dueTime, Timeout.InfiniteTimeSpan);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_isDisposed)
            {
                return;
            }

            _isDisposed = true;
            _timer.Dispose();
        }

        _stop.Cancel();
        _activation.RemoveTimer(this);
    }

    public Task InvokeCallbackAsync(CancellationToken cancellationToken) => _callback(_state, _stop.Token);

    object ITargetHolder.GetTarget() => this;

    object? ITargetHolder.GetComponent(Type componentType) => componentType.IsInstanceOfType(this) ? this : null;

    private static void Check(TimeSpan time, string name)
    {
        if (time != Timeout.InfiniteTimeSpan && (time < TimeSpan.Zero || time.TotalMilliseconds > 4_294_967_294))
        {
            throw new ArgumentOutOfRangeException(name, time, "A timer's times are infinite or from 0 to 4,294,967,294 ms.");
        }
    }

    private void OnDue()
    {
        lock (_gate)
        {
            if (_isDisposed || _isTicking)
            {
                return;
            }

            _isTicking = true;
        }

        _activation.ReceiveMessage(new Message
        {
            Kind = MessageKind.OneWay,
            Flags = _options.Interleave ? MessageFlags.AlwaysInterleave : MessageFlags.None,
            SendingGrain = _activation.GrainId,
            SendingSilo = _activation.Address.SiloAddress,
            TargetGrain = _activation.GrainId,
            TargetSilo = _activation.Address.SiloAddress,
            InterfaceType = TimerTick.InterfaceType,
            Request = new TimerTick(this),
            IsTimerTick = true,
            KeepsAlive = _options.KeepAlive,
        });
    }

    private void OnTicked()
    {
        lock (_gate)
        {
            _isTicking = false;
            if (_isDisposed)
            {
                return;
            }

            var next = _wasChanged ? _dueTime : _period;
            _wasChanged = false;
            _timer.Change(next, Timeout.InfiniteTimeSpan);
        }
    }

    [LoggerMessage(LogLevel.Error, "A timer of grain {Grain} failed. It goes on.")]
    private static partial void LogTickFailed(ILogger logger, GrainId grain, Exception exception);

    /// <summary>The request of one tick. Its target is the timer, whoever delivers it.</summary>
    private sealed class TimerTick(GrainTimer<TState> timer) : IInvokable
    {
        public static readonly GrainInterfaceType InterfaceType = GrainInterfaceType.Create(nameof(IGrainTimerInvoker));

        private static readonly MethodInfo Method = typeof(IGrainTimerInvoker).GetMethod(nameof(InvokeCallbackAsync))!;

        public object GetTarget() => timer._activation.GrainInstance!;

        public void SetTarget(ITargetHolder holder)
        {
        }

        public async ValueTask<Response> Invoke()
        {
            try
            {
                if (!timer._isDisposed)
                {
                    await timer.InvokeCallbackAsync(timer._stop.Token);
                }
            }
            catch (Exception exception)
            {
                LogTickFailed(timer._activation.Runtime.Logger, timer._activation.GrainId, exception);
            }
            finally
            {
                timer.OnTicked();
            }

            return Response.Completed;
        }

        public int GetArgumentCount() => 0;

        public object GetArgument(int index) => throw new ArgumentOutOfRangeException(nameof(index), index, "A tick has no arguments.");

        public void SetArgument(int index, object value) => throw new ArgumentOutOfRangeException(nameof(index), index, "A tick has no arguments.");

        public string GetMethodName() => nameof(InvokeCallbackAsync);

        public string GetInterfaceName() => nameof(IGrainTimerInvoker);

        public string GetActivityName() => $"{nameof(IGrainTimerInvoker)}/{nameof(InvokeCallbackAsync)}";

        public MethodInfo GetMethod() => Method;

        public Type GetInterfaceType() => typeof(IGrainTimerInvoker);

        public void Dispose()
        {
        }
    }
}
