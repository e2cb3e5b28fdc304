using Dpark.Scheduling;
using Dpark.Tasks;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Driver;

/// <summary>What the driver says to one worker, and what it hears from it: launches, cancellations, reports. Thread-safe.</summary>
/// <remarks>
/// Reports come by one long poll after the other, while jobs run. The cursor moves only when a batch has come, so nothing is lost or counted twice by calls that
/// fail. A cancellation is sent when the launches before it have come to an end, or it could overtake the attempt that it is meant for.
/// </remarks>
internal sealed partial class WorkerLink(
    WorkerInfo info,
    IClusterClient client,
    GatewayWatch gateways,
    DriverSettings settings,
    Action<SchedulerEvent[]> tell,
    ActivityGate activity,
    TimeProvider timeProvider,
    ILogger<WorkerLink> logger)
{
    private const int MaxDropAttempts = 3;
    private const int MaxCancelCalls = 5;
    private const int MaxStandInCalls = 10;

    private static readonly TimeSpan CancelLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CancelRetryDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan StandInLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PollHold = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShortPoll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MinRetryDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MaxRetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan SilenceLimit = TimeSpan.FromSeconds(10);

    private readonly IWorkerGrain _grain = client.GetGrain<IWorkerGrain>(info.Id.Value);
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _launches = [];
    private CancellationTokenSource? _stopping;
    private Task _polling = Task.CompletedTask;
    private volatile WorkerInfo _info = info;

    // Timestamp of the first poll that was not answered; 0 if there is none.
    private long _unansweredSince;
    private volatile string? _lastFailure;
    private volatile bool _isSilent;

    public WorkerInfo Info
    {
        get => _info;
        set => _info = value;
    }

    /// <summary>Tells the scheduler if the worker has not answered for longer than a poll takes. Called from time to time.</summary>
    public void CheckSilence()
    {
        var since = Interlocked.Read(ref _unansweredSince);
        if (since == 0 || _isSilent || timeProvider.GetElapsedTime(since) < SilenceLimit)
        {
            return;
        }

        _isSilent = true;
        var reason = $"The driver has had no answer from it for {SilenceLimit.TotalSeconds} s{(_lastFailure is { } failure ? $"; the last call ended with {failure}" : ".")}";
        LogSilent(Info.Id, reason);
        tell([new WorkerSilent(Info.Id, reason)]);
    }

    /// <summary>Starts to collect reports.</summary>
    public void Start(CancellationToken cancellationToken)
    {
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _polling = Task.Run(() => PollAsync(_stopping.Token), CancellationToken.None);
    }

    /// <summary>Stops collecting.</summary>
    public async Task StopAsync()
    {
        if (_stopping is { } stopping)
        {
            await stopping.CancelAsync().ConfigureAwait(false);
            await _polling.ConfigureAwait(false);
        }
    }

    /// <summary>Has the worker drop something that it keeps. Tried again when the call fails; never throws.</summary>
    /// <param name="what">For the log, such as <c>rdd-3</c>.</param>
    public async Task DropAsync(string what, Func<IWorkerGrain, CancellationToken, Task> drop)
    {
        for (var attempt = 1; _stopping is { IsCancellationRequested: false } stopping; attempt++)
        {
            try
            {
                await drop(_grain, stopping.Token).WaitAsync(stopping.Token).ConfigureAwait(false);
                return;
            }
            catch (WorkerUnavailableException)
            {
                // What it kept goes with it.
                return;
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Its memory is wanted by others, who can take it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                if (attempt == MaxDropAttempts)
                {
                    LogNotDropped(e, what, Info.Id);
                    return;
                }
            }
        }
    }

    /// <summary>Has the worker start a stand-in; tells the scheduler if there will be none.</summary>
    public async Task StartStandInAsync(CancellationToken cancellationToken)
    {
        string? reason;
        try
        {
            reason = await new RepeatedCall(StandInLimit, timeProvider, gateways).RunAsync(
                () => _grain.StartStandInAsync(settings.Application, cancellationToken), MaxStandInCalls, CancelRetryDelay, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031 // Whatever it was, the tasks that wait for it must not wait for ever.
        catch (Exception e)
#pragma warning restore CA1031
        {
            reason = $"the call to {Info.Id} failed with {e.GetType().Name}: {e.Message.TrimEnd('.')}";
        }

        if (reason is not null)
        {
            tell([new StandInRefused(Info.Id, $"{reason}.")]);
        }
    }

    /// <summary>Sends attempts; tells the scheduler if that fails.</summary>
    public void Launch(TaskBatch batch, CancellationToken cancellationToken) => Note(LaunchAsync(batch, cancellationToken));

    /// <summary>As <see cref="Launch"/>, when the workers can find what the attempts read.</summary>
    public void LaunchAfter(Task arrived, TaskBatch batch, CancellationToken cancellationToken) => Note(LaunchAfterAsync(arrived, batch, cancellationToken));

    private async Task LaunchAfterAsync(Task arrived, TaskBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            await arrived.ConfigureAwait(false);
        }
#pragma warning disable CA1031 // What the attempts read is not where they could find it, so they are launched later.
        catch (Exception e)
#pragma warning restore CA1031
        {
            TellNotLaunched([.. batch.Launches.Select(launch => launch.Attempt)], $"What they read could not be stored. {e.Message}");
            return;
        }

        await LaunchAsync(batch, cancellationToken).ConfigureAwait(false);
    }

    private void Note(Task launch)
    {
        if (launch.IsCompleted)
        {
            return;
        }

        lock (_gate)
        {
            _launches.Add(launch);
        }

        _ = launch.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Tells the worker that attempts are not wanted any more.</summary>
    public void Cancel(long epoch, IReadOnlyList<TaskAttemptId> attempts, CancellationToken cancellationToken)
    {
        Task[] launches;
        lock (_gate)
        {
            launches = [.. _launches];
        }

        _ = CancelAsync(launches, epoch, [.. attempts], cancellationToken);
    }

    private void Forget(Task launch)
    {
        lock (_gate)
        {
            _launches.Remove(launch);
        }
    }

    private async Task LaunchAsync(TaskBatch batch, CancellationToken cancellationToken)
    {
        TaskAttemptId[] refused;
        string reason;
        try
        {
            refused = await gateways.RunAsync(() => _grain.LaunchAsync(batch, cancellationToken), cancellationToken).ConfigureAwait(false);
            reason = "The worker refused it: the application has ended there, another driver has taken it over, or the worker stops.";
        }
#pragma warning disable CA1031 // Whatever the call met, its outcome is unknown, and the scheduler knows what to do then.
        catch (Exception e)
#pragma warning restore CA1031
        {
            refused = [.. batch.Launches.Select(launch => launch.Attempt)];
            reason = $"{e.GetType().Name}: {e.Message.TrimEnd('.')}.";
        }

        if (refused.Length > 0)
        {
            TellNotLaunched(refused, reason);
        }
    }

    private void TellNotLaunched(TaskAttemptId[] attempts, string reason)
    {
        LogNotLaunched(attempts.Length, Info.Id, reason);
        tell([new LaunchFailed(Info.Id, attempts, reason)]);
    }

    private async Task CancelAsync(Task[] launches, long epoch, TaskAttemptId[] attempts, CancellationToken cancellationToken)
    {
        await Task.WhenAll(launches).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            await new RepeatedCall(CancelLimit, timeProvider, gateways).RunAsync(
                () => _grain.CancelAsync(settings.Application, epoch, attempts, cancellationToken), MaxCancelCalls, CancelRetryDelay, cancellationToken)
                .ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Nobody waits for it. Attempts that go on hold slots that the scheduler counts as free until they end.
        catch (Exception e)
#pragma warning restore CA1031
        {
            LogNotCancelled(e, attempts.Length, Info.Id);
        }
    }

    private async Task PollAsync(CancellationToken cancellationToken)
    {
        var cursor = default(OutboxCursor);
        var delay = MinRetryDelay;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await activity.WaitAsync(cancellationToken).ConfigureAwait(false);
                var start = timeProvider.GetTimestamp();
                Interlocked.CompareExchange(ref _unansweredSince, Math.Max(start, 1), 0);
                var after = cursor;
                var batch = await gateways.RunAsync(() => _grain.PollAsync(settings.Application, after, PollHold, cancellationToken), cancellationToken).ConfigureAwait(false);
                OnAnswer();
                cursor = Take(batch, cursor);
                if (batch.Reports.Length > 0 || timeProvider.GetElapsedTime(start) >= ShortPoll)
                {
                    delay = MinRetryDelay;
                    continue;
                }

                // The worker has nothing to say and does not wait: it stops, or has ended the application.
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whether the worker is gone is for the master to say; until then it is asked again.
            catch (Exception e)
#pragma warning restore CA1031
            {
                _lastFailure = $"{e.GetType().Name}: {e.Message.TrimEnd('.')}.";
                LogPollFailed(e, Info.Id);
            }

            await Task.Delay(delay, timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay * 2 < MaxRetryDelay ? delay * 2 : MaxRetryDelay;
        }
    }

    private void OnAnswer()
    {
        Interlocked.Exchange(ref _unansweredSince, 0);
        _lastFailure = null;
        if (_isSilent)
        {
            _isSilent = false;
            LogHeard(Info.Id);
            tell([new WorkerHeard(Info.Id)]);
        }
    }

    /// <summary>Hands the reports on that are new.</summary>
    /// <returns>Where the next poll goes on.</returns>
    private OutboxCursor Take(OutboxBatch batch, OutboxCursor cursor)
    {
        var known = 0L;
        if (cursor.Generation == batch.Generation)
        {
            known = Math.Max(0, cursor.Sequence + 1 - batch.FirstSequence);
        }
        else if (cursor != default)
        {
            // The reports before were lost with the outbox, and with it all that the worker ran and stored.
            LogRestarted(Info.Id);
            tell([
                new WorkerLost(Info.Id, "Its outbox started over, so reports were lost."),
                new WorkerJoined(Info.Id, Info.Host, Info.SlotCount) { MemoryBytes = Info.MemoryBytes, IsStandIn = Info.IsStandIn }]);
        }

        if (known < batch.Reports.Length)
        {
            var events = new SchedulerEvent[batch.Reports.Length - known];
            for (var i = 0; i < events.Length; i++)
            {
                events[i] = new TaskReported(Info.Id, batch.Reports[known + i]);
            }

            tell(events);
        }

        return batch.Next;
    }

    [LoggerMessage(LogLevel.Information, "{Count} attempts may not have been started on {Worker}: {Reason} They are started elsewhere or later.")]
    private partial void LogNotLaunched(int count, WorkerId worker, string reason);

    [LoggerMessage(LogLevel.Information, "{Count} attempts on {Worker} could not be cancelled. Their results are ignored.")]
    private partial void LogNotCancelled(Exception exception, int count, WorkerId worker);

    [LoggerMessage(LogLevel.Information, "{What} could not be dropped from {Worker}. What is kept of it there goes when others need the room, or with the application.")]
    private partial void LogNotDropped(Exception exception, string what, WorkerId worker);

    [LoggerMessage(LogLevel.Information, "Worker {Worker} could not be asked for its reports. It is asked again until it answers or leaves the cluster.")]
    private partial void LogPollFailed(Exception exception, WorkerId worker);

    [LoggerMessage(LogLevel.Warning, "Worker {Worker} is silent. {Reason} What it runs is waited for until the cluster declares it dead.")]
    private partial void LogSilent(WorkerId worker, string reason);

    [LoggerMessage(LogLevel.Information, "Worker {Worker} answers again.")]
    private partial void LogHeard(WorkerId worker);

    [LoggerMessage(LogLevel.Warning, "The outbox of worker {Worker} started over. What the worker ran is run again.")]
    private partial void LogRestarted(WorkerId worker);
}
