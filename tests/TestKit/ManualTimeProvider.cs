namespace Dpark.TestKit;

/// <summary>A clock that moves only when a test moves it. Timers fire on the thread that calls <see cref="Advance"/>, in order of their time. Thread-safe.</summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private long _ticks;
    private long _timerOrdinal;

    /// <summary>Timers that are armed.</summary>
    public int ArmedTimerCount
    {
        get
        {
            lock (_gate)
            {
                return _timers.Count;
            }
        }
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _ticks);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddTicks(GetTimestamp());

    /// <summary>Moves the clock on and fires every timer that comes due, each at its own time.</summary>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        var target = GetTimestamp() + time.Ticks;
        while (TakeDue(target) is { } timer)
        {
            timer.Fire();
        }

        Volatile.Write(ref _ticks, target);
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state, Interlocked.Increment(ref _timerOrdinal));
        timer.Change(dueTime, period);
        return timer;
    }

    private ManualTimer? TakeDue(long target)
    {
        lock (_gate)
        {
            var timer = _timers.Where(t => t.DueAt <= target).OrderBy(t => (t.DueAt, t.Ordinal)).FirstOrDefault();
            if (timer is not null)
            {
                Volatile.Write(ref _ticks, Math.Max(_ticks, timer.DueAt));
                _timers.Remove(timer);
                timer.Rearm();
            }

            return timer;
        }
    }

    private sealed class ManualTimer(ManualTimeProvider owner, TimerCallback callback, object? state, long ordinal) : ITimer
    {
        private TimeSpan _period;

        public long Ordinal => ordinal;

        public long DueAt { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._gate)
            {
                owner._timers.Remove(this);
                _period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    DueAt = owner._ticks + dueTime.Ticks;
                    owner._timers.Add(this);
                }

                return true;
            }
        }

        public void Fire() => callback(state);

        public void Rearm()
        {
            if (_period > TimeSpan.Zero)
            {
                DueAt += _period.Ticks;
                owner._timers.Add(this);
            }
        }

        public void Dispose()
        {
            lock (owner._gate)
            {
                owner._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
