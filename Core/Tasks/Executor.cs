using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Shuffle;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Tasks;

/// <summary>Runs the attempts of one worker on threads of its own. One per silo; the task grain fronts it. Thread-safe.</summary>
/// <remarks>
/// An attempt is queued, then running, then ended; it leaves each state once. Whoever ends it reports it: a slot that ran it, or the canceller of one that
/// was still queued. So each attempt that <see cref="TryStart"/> accepted is reported once, unless its application ends first.
/// A thread is never taken from user code by force. An attempt that ignores its token for longer than the limit is reported as one that still runs, what it
/// does later is discarded, and another thread takes its slot; with too many of them the worker has fewer slots, and with no slot left it gives back what waits.
/// </remarks>
public sealed partial class Executor : IAsyncDisposable
{
    private const int MaxEndedApplications = 4096;

    private readonly ExecutorOptions _options;
    private readonly AttemptRunner _runner;
    private readonly Outbox _outbox;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger<Executor> _logger;
    private readonly Action<TaskReport>? _observer;
    private readonly Func<ShuffleId, MapOutput, bool>? _keepOutput;
    private readonly CompilerPriority _compilerPriority;

    // A monitor, not a Lock: slots wait on it for work.
    private readonly object _gate = new();
    private readonly Queue<TaskRun> _queue = new();

    // Those that wait for map outputs, in the order in which they came. Queued as well, as far as everybody else is concerned.
    private readonly List<TaskRun> _ahead = [];
    private readonly Dictionary<AppId, ApplicationAttempts> _applications = [];
    private readonly RecentSet<AppId> _endedApplications = new(MaxEndedApplications);
    private readonly TaskCompletionSource _threadsEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _queuedCount;
    private int _runningCount;
    private int _stuckCount;
    private int _idleThreads;
    private int _liveThreads;
    private int _spareCount;
    private Task<bool>? _stop;

    /// <summary>Starts the threads.</summary>
    /// <param name="worker">This worker.</param>
    /// <param name="outbox">Receives one report per attempt that was started.</param>
    /// <param name="observer">Sees each report before the outbox does, on the thread that made it; must be quick and must not throw.</param>
    /// <param name="keepOutput">
    /// Sees each map output that is to be remembered (<see cref="TaskLaunch.Makes"/>) when the outbox has its report, on the thread that made it; must be quick and must not throw.
    /// Says whether attempts wait for the shuffle (<see cref="TaskLaunch.Awaits"/>), and it was the last.
    /// </param>
    public Executor(
        WorkerId worker,
        ExecutorOptions options,
        IProgramSource programs,
        ITaskServices services,
        Outbox outbox,
        TimeProvider timeProvider,
        ILogger<Executor> logger,
        Action<TaskReport>? observer = null,
        Func<ShuffleId, MapOutput, bool>? keepOutput = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _outbox = outbox;
        _timeProvider = timeProvider;
        _logger = logger;
        _observer = observer;
        _keepOutput = keepOutput;
        _compilerPriority = new(options.CompilerNice, timeProvider);
        _runner = new(worker, options, programs, services, timeProvider);
        _liveThreads = options.SlotCount;
        for (var slot = 0; slot < options.SlotCount; slot++)
        {
            StartThread(slot);
        }
    }

    /// <summary>Slots that are not held by attempts which do not stop.</summary>
    public int UsableSlotCount
    {
        get
        {
            lock (_gate)
            {
                return UsableSlots;
            }
        }
    }

    /// <summary>What it does now.</summary>
    public ExecutorStatus Status
    {
        get
        {
            lock (_gate)
            {
                return new(_options.SlotCount, _runningCount, _queuedCount, _stuckCount);
            }
        }
    }

    /// <summary>Queues an attempt and returns at once. An attempt that is known already, running or ended, is not started again.</summary>
    /// <param name="applicationEpoch">The driver's epoch; a newer one than before makes all older commands void.</param>
    /// <returns>
    /// <see langword="true"/> if the attempt is, or was, queued here. <see langword="false"/> if it was refused: the epoch is older than one seen before,
    /// the application has ended, the executor stops, or all slots are held by attempts that do not stop.
    /// </returns>
    public bool TryStart(TaskLaunch launch, long applicationEpoch = 0)
    {
        ArgumentNullException.ThrowIfNull(launch);
        lock (_gate)
        {
            if (_stop is not null || Enter(launch.Attempt.Application, applicationEpoch) is not { } application)
            {
                return false;
            }

            if (application.Knows(launch.Attempt))
            {
                return true;
            }

            if (UsableSlots == 0)
            {
                return false;
            }

            var run = new TaskRun(launch, application, _timeProvider.GetTimestamp());
            application.Add(run);
            _queuedCount++;
            if (launch.Awaits is null)
            {
                Enqueue(run);
            }
            else
            {
                _ahead.Add(run);
            }

            return true;
        }
    }

    /// <summary>Starts the attempts that wait for the map outputs of a shuffle: they are all here now.</summary>
    public void StartAwaiting(ShuffleId shuffle)
    {
        lock (_gate)
        {
            for (var i = 0; i < _ahead.Count;)
            {
                var run = _ahead[i];
                if (run.Launch.Awaits!.Shuffle != shuffle)
                {
                    i++;
                    continue;
                }

                _ahead.RemoveAt(i);
                run.QueuedAt = _timeProvider.GetTimestamp();
                Enqueue(run);
            }
        }
    }

    /// <summary>Whether attempts that are started now would be taken, as far as their application is concerned.</summary>
    /// <param name="applicationEpoch">As in <see cref="TryStart"/>.</param>
    public bool Admits(AppId application, long applicationEpoch)
    {
        lock (_gate)
        {
            return _stop is null && Enter(application, applicationEpoch) is not null;
        }
    }

    /// <summary>
    /// Stops attempts. One that waits ends at once, one that runs when it next looks at its token; each reports <see cref="TaskOutcome.Cancelled"/>.
    /// Unknown ones are ignored.
    /// </summary>
    /// <returns><see langword="false"/> if the epoch is older than one seen before.</returns>
    public bool Cancel(AppId application, IReadOnlyList<TaskAttemptId> attempts, long applicationEpoch = 0)
    {
        ArgumentNullException.ThrowIfNull(attempts);
        List<TaskRun> runs = [];
        lock (_gate)
        {
            if (Enter(application, applicationEpoch) is not { } known)
            {
                return false;
            }

            foreach (var attempt in attempts)
            {
                if (known.Find(attempt) is { } run)
                {
                    runs.Add(run);
                }
            }
        }

        Cancel(runs, "The driver no longer wants it.");
        return true;
    }

    /// <summary>Stops every attempt of an application and refuses new ones for good. Nothing more is reported for it.</summary>
    /// <returns>Completes when its last attempt has left its thread, which user code may delay without limit.</returns>
    public Task EndApplicationAsync(AppId application)
    {
        ApplicationAttempts? known;
        TaskRun[] runs;
        lock (_gate)
        {
            _endedApplications.Add(application);
            if (!_applications.Remove(application, out known))
            {
                return Task.CompletedTask;
            }

            known.HasEnded = true;
            runs = [.. known.Live];
        }

        Cancel(runs, "Its application has ended.");
        lock (_gate)
        {
            return known.WhenIdle();
        }
    }

    /// <summary>
    /// Refuses new attempts, cancels all, and waits for them, at most <see cref="ExecutorOptions.StopLimit"/>. Further calls wait for the first.
    /// </summary>
    /// <returns><see langword="false"/> if attempts did not stop in time; their threads end with the process.</returns>
    public Task<bool> StopAsync(CancellationToken cancellationToken)
    {
        List<TaskRun> runs = [];
        Task<bool> stop;
        lock (_gate)
        {
            if (_stop is null)
            {
                foreach (var application in _applications.Values)
                {
                    runs.AddRange(application.Live);
                }

                _stop = WaitForThreadsAsync();
                Monitor.PulseAll(_gate);
            }

            stop = _stop;
        }

        Cancel(runs, "Its worker stops.");
        return stop.WaitAsync(cancellationToken);
    }

    /// <summary>As <see cref="StopAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None).ConfigureAwait(false);

    private ApplicationAttempts? Enter(AppId application, long epoch)
    {
        if (!_applications.TryGetValue(application, out var known))
        {
            if (_endedApplications.Contains(application))
            {
                return null;
            }

            known = new(application, _options.RememberedAttempts);
            _applications.Add(application, known);
        }

        return known.TryEnter(epoch) ? known : null;
    }
}
