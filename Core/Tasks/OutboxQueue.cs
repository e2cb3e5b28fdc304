using Dpark.Memory;

namespace Dpark.Tasks;

/// <summary>The reports of one application in an <see cref="Outbox"/>, and the poll that waits for the next one. Thread-safe.</summary>
internal sealed class OutboxQueue(Guid generation, TimeProvider timeProvider, MemoryHolder? memory)
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskReport> _reports = new();
    private long _firstSequence = 1;
    private Waiter? _waiter;
    private bool _closed;

    public void Append(TaskReport report)
    {
        Waiter? waiter;
        OutboxBatch batch;
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _reports.Enqueue(report);
            memory?.Take(ResultBytes(report));
            if (_waiter is null)
            {
                return;
            }

            (waiter, _waiter) = (_waiter, null);
            batch = TakeBatch(waiter.Limits);
        }

        waiter.End(batch);
    }

    public ValueTask<OutboxBatch> PollAsync(long acknowledged, OutboxLimits limits, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        Waiter? older;
        Waiter? waiter = null;
        OutboxBatch batch;
        lock (_gate)
        {
            (older, _waiter) = (_waiter, null);
            Forget(acknowledged);
            batch = TakeBatch(limits);
            if (batch.Reports.Length == 0 && maxWait != TimeSpan.Zero && !_closed && !cancellationToken.IsCancellationRequested)
            {
                waiter = _waiter = new(this, limits);
            }
        }

        older?.End(Empty());
        if (waiter is null)
        {
            return new(batch);
        }

        // Outside the lock: a token that fires just now runs its callback here.
        waiter.Arm(timeProvider, maxWait, cancellationToken);
        return new(waiter.Task);
    }

    public void Close()
    {
        Waiter? waiter;
        lock (_gate)
        {
            _closed = true;
            (waiter, _waiter) = (_waiter, null);
            Forget(acknowledged: long.MaxValue);
        }

        waiter?.End(Empty());
    }

    private void Expire(Waiter waiter)
    {
        lock (_gate)
        {
            if (_waiter != waiter)
            {
                return;
            }

            _waiter = null;
        }

        waiter.End(Empty());
    }

    private void Forget(long acknowledged)
    {
        while (_firstSequence <= acknowledged && _reports.TryDequeue(out var report))
        {
            memory?.Return(ResultBytes(report));
            _firstSequence++;
        }
    }

    private OutboxBatch TakeBatch(OutboxLimits limits)
    {
        var count = 0;
        long bytes = 0;
        foreach (var report in _reports)
        {
            bytes += EstimateBytes(report);
            if (count == limits.MaxCount || (count > 0 && bytes > limits.MaxBytes))
            {
                break;
            }

            count++;
        }

        if (count == 0)
        {
            return new(generation, _firstSequence, []);
        }

        var reports = new TaskReport[count];
        var index = 0;
        foreach (var report in _reports)
        {
            reports[index++] = report;
            if (index == count)
            {
                break;
            }
        }

        return new(generation, _firstSequence, reports);
    }

    private OutboxBatch Empty()
    {
        lock (_gate)
        {
            return new(generation, _firstSequence, []);
        }
    }

    private static long ResultBytes(TaskReport report) => report.Result?.Length ?? 0;

    private static long EstimateBytes(TaskReport report)
    {
        // Ids, counters and framing of one report on the wire; measured, then rounded up.
        const int Overhead = 256;
        long bytes = Overhead + (report.Result?.Length ?? 0);
        if (report.MapOutput is { BucketBytes.IsDefault: false } output)
        {
            bytes += sizeof(long) * (long)output.BucketBytes.Length;
        }

        for (var failure = report.Failure; failure is not null; failure = failure.Inner)
        {
            bytes += failure.ExceptionType.Length + failure.Message.Length + failure.StackTrace.Length + (failure.Exception?.Length ?? 0);
        }

        foreach (var warning in report.Warnings)
        {
            bytes += warning.Length;
        }

        foreach (var update in report.Updates)
        {
            bytes += update.Total.Length;
        }

        return bytes;
    }

    /// <summary>One poll that waits. Ended once, by whoever took it out of the queue.</summary>
    private sealed class Waiter(OutboxQueue owner, OutboxLimits limits)
    {
        // The continuation is queued, so a slot that appends goes on with its next task instead of running the worker grain's code.
        private readonly TaskCompletionSource<OutboxBatch> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _armGate = new();
        private CancellationTokenRegistration _registration;
        private ITimer? _timer;
        private bool _ended;

        public OutboxLimits Limits { get; } = limits;

        public Task<OutboxBatch> Task => _completion.Task;

        public void Arm(TimeProvider timeProvider, TimeSpan maxWait, CancellationToken cancellationToken)
        {
            var registration = cancellationToken.UnsafeRegister(static state => ((Waiter)state!).Expire(), this);
            var timer = maxWait == Timeout.InfiniteTimeSpan
                ? null
                : timeProvider.CreateTimer(static state => ((Waiter)state!).Expire(), this, maxWait, Timeout.InfiniteTimeSpan);
            lock (_armGate)
            {
                if (!_ended)
                {
                    _registration = registration;
                    _timer = timer;
                    return;
                }
            }

            registration.Unregister();
            timer?.Dispose();
        }

        public void End(OutboxBatch batch)
        {
            lock (_armGate)
            {
                _ended = true;
            }

            _registration.Unregister();
            _timer?.Dispose();
            _completion.TrySetResult(batch);
        }

        private void Expire() => owner.Expire(this);
    }
}
