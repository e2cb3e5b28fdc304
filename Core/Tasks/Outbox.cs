using System.Collections.Concurrent;
using Dpark.Applications;
using Dpark.Memory;

namespace Dpark.Tasks;

/// <summary>The finished attempts of one worker that drivers have not collected yet, in order, per application. Thread-safe.</summary>
/// <remarks>
/// Slots append, and the worker grain polls for each driver. A report stays until a poll acknowledges it, so a poll whose answer was lost is simply
/// sent again. A report is lost only with the process: the generation then differs, and the driver knows that the worker is another one. One poll per
/// application waits; a newer one ends it, so that a driver that repeats a lost call leaves nothing behind.
/// </remarks>
public sealed class Outbox
{
    private const int MaxDroppedApplications = 4096;

    private readonly TimeProvider _timeProvider;
    private readonly MemoryHolder? _memory;
    private readonly ConcurrentDictionary<AppId, OutboxQueue> _queues = new();
    private readonly Lock _gate = new();
    private readonly RecentSet<AppId> _dropped = new(MaxDroppedApplications);

    /// <summary>Makes an empty outbox with a new generation.</summary>
    /// <param name="timeProvider">Times how long a poll waits.</param>
    /// <param name="memory">What the results in reports share with tasks. <see langword="null"/>: nothing.</param>
    public Outbox(TimeProvider timeProvider, WorkerMemory? memory = null)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        _timeProvider = timeProvider;
        _memory = memory?.AddHolder("results that drivers have not collected", giveUp: null);
    }

    /// <summary>Which life of the worker's outbox this is.</summary>
    public Guid Generation { get; } = Guid.NewGuid();

    /// <summary>
    /// Adds a report to the end of its application's reports and answers a waiting poll. Never blocks. Reports of dropped applications are discarded.
    /// </summary>
    public void Append(TaskReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        QueueOf(report.Attempt.Application)?.Append(report);
    }

    /// <summary>Forgets every report up to the cursor and returns the newer ones: at once if there are any, else as soon as one comes.</summary>
    /// <param name="after">Where the driver's last batch ended. One of another generation, or the default, acknowledges nothing.</param>
    /// <param name="maxWait">How long to wait for a first report. 0 returns at once; <see cref="Timeout.InfiniteTimeSpan"/> waits without limit.</param>
    /// <param name="cancellationToken">Ends the wait with an empty batch.</param>
    /// <returns>
    /// Reports in order; none after <paramref name="maxWait"/>, after a newer poll of the same application, or when the application was dropped.
    /// </returns>
    public ValueTask<OutboxBatch> PollAsync(
        AppId application, OutboxCursor after, OutboxLimits limits, TimeSpan maxWait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limits.MaxCount, 1);
        var queue = QueueOf(application);
        return queue is null
            ? new(new OutboxBatch(Generation, 1, []))
            : queue.PollAsync(after.Generation == Generation ? after.Sequence : 0, limits, maxWait, cancellationToken);
    }

    /// <summary>Forgets an application for good. A waiting poll ends with an empty batch.</summary>
    public void Drop(AppId application)
    {
        OutboxQueue? queue;
        lock (_gate)
        {
            _dropped.Add(application);
            _queues.TryRemove(application, out queue);
        }

        queue?.Close();
    }

    private OutboxQueue? QueueOf(AppId application)
    {
        if (_queues.TryGetValue(application, out var queue))
        {
            return queue;
        }

        lock (_gate)
        {
            // An attempt that was slow to stop, or a poll that was under way, must not bring an ended application back.
            return _dropped.Contains(application)
                ? null
                : _queues.GetOrAdd(application, static (_, self) => new(self.Generation, self._timeProvider, self._memory), this);
        }
    }
}
