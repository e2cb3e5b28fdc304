using Microsoft.Extensions.Logging;

namespace Dpark.Tasks;

public sealed partial class Executor
{
    private static readonly ContextCallback RunInContext = static state => ((Slot)state!).RunCurrent();

    private int UsableSlots => _options.SlotCount - _stuckCount + _spareCount;

    private void StartThread(int slot) => new Thread(RunSlot, _options.StackBytes) { IsBackground = true, Name = $"dpark-slot-{slot}" }.Start();

    private void RunSlot()
    {
        // User code may leave async-local values and a culture behind. Each attempt starts from the context that the thread had when it was new.
        var context = ExecutionContext.Capture();
        var slot = new Slot(this);
        while (Next(slot.Run) is { } run)
        {
            slot.Run = run;
            _compilerPriority.Look();
            if (context is null)
            {
                slot.RunCurrent();
            }
            else
            {
                ExecutionContext.Run(context, RunInContext, slot);
            }
        }

        if (Interlocked.Decrement(ref _liveThreads) == 0)
        {
            _threadsEnded.TrySetResult();
        }
    }

    private void Enqueue(TaskRun run)
    {
        _queue.Enqueue(run);
        if (_idleThreads > 0)
        {
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Ends the run that a slot has finished, and waits for another one.</summary>
    /// <returns><see langword="null"/> when the executor stops.</returns>
    private TaskRun? Next(TaskRun? finished)
    {
        lock (_gate)
        {
            if (finished is not null)
            {
                _runningCount--;
                End(finished);
                if (finished.IsReplaced)
                {
                    return null;
                }
            }

            while (true)
            {
                while (_queue.TryDequeue(out var run))
                {
                    // One that was cancelled while it waited has ended already.
                    if (run.State == TaskRunState.Queued)
                    {
                        _queuedCount--;
                        _runningCount++;
                        run.State = TaskRunState.Running;
                        run.Cancellation = new();
                        return run;
                    }
                }

                if (_stop is not null)
                {
                    return null;
                }

                _idleThreads++;
                Monitor.Wait(_gate);
                _idleThreads--;
            }
        }
    }

    private void End(TaskRun run)
    {
        if (run.IsStuck)
        {
            _stuckCount--;
            _spareCount -= run.IsReplaced ? 1 : 0;
            LogStuckEnded(run.Attempt);
        }

        run.State = TaskRunState.Ended;
        run.Application.End(run);
    }

    private void Cancel(IReadOnlyCollection<TaskRun> runs, string reason)
    {
        if (runs.Count == 0)
        {
            return;
        }

        List<TaskRun> running = [];
        List<TaskRun> queued = [];
        lock (_gate)
        {
            foreach (var run in runs)
            {
                if (run.State == TaskRunState.Queued)
                {
                    _queuedCount--;
                    _ahead.Remove(run);
                    End(run);
                    queued.Add(run);
                }
                else if (run is { State: TaskRunState.Running, IsCancelled: false })
                {
                    run.IsCancelled = true;
                    running.Add(run);
                }
            }
        }

        foreach (var run in queued)
        {
            Report(run, AttemptRunner.NotRun(run.Attempt, reason));
        }

        foreach (var run in running)
        {
            // The token fires now; callbacks that user code registered run elsewhere, for they may block.
            _ = run.Cancellation!.CancelAsync();
        }

        if (running.Count > 0)
        {
            _ = new CancelWatch(this, running);
        }
    }

    private void Report(TaskRun run, TaskReport report)
    {
        if (!run.TryClaimReport())
        {
            return;
        }

        Append(run, report);
    }

    private void Append(TaskRun run, TaskReport report)
    {
        _observer?.Invoke(report);
        if (run.Application.HasEnded)
        {
            return;
        }

        _outbox.Append(report);

        // The outbox first, so that a driver hears of the outputs before it hears of what was made of them.
        if (report.MapOutput is { } output && run.Launch.Makes is { } shuffle && _keepOutput?.Invoke(shuffle, output) == true)
        {
            StartAwaiting(shuffle);
        }
    }

    private async Task<bool> WaitForThreadsAsync()
    {
        try
        {
            await _threadsEnded.Task.WaitAsync(_options.StopLimit, _timeProvider).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            LogDidNotStop(Status.RunningCount, _options.StopLimit);
            return false;
        }
    }

    private void MarkStuck(List<TaskRun> cancelled)
    {
        List<TaskRun> stuck = [];
        TaskRun[] waiting = [];
        var replacedCount = 0;
        lock (_gate)
        {
            foreach (var run in cancelled)
            {
                if (run.State != TaskRunState.Running || !run.TryClaimReport())
                {
                    continue;
                }

                run.IsStuck = true;
                _stuckCount++;
                stuck.Add(run);
                if (_stop is null && _spareCount < _options.SpareSlotCount)
                {
                    run.IsReplaced = true;
                    _spareCount++;
                    _liveThreads++;
                    replacedCount++;
                }
            }

            waiting = UsableSlots == 0 ? [.. _queue.Where(run => run.State == TaskRunState.Queued), .. _ahead] : [];
        }

        foreach (var run in stuck)
        {
            LogStuck(run.Attempt, _options.CancelLimit, run.IsReplaced ? "Another thread has taken its slot" : "Its slot is not free", UsableSlotCount, _options.SlotCount);
            var text = $"It was cancelled {_options.CancelLimit} ago and still runs. " +
                (run.IsReplaced ? "Another thread has taken its slot. " : "Its slot is not free before it ends. ") +
                "What it does is discarded; its code must look at its cancellation token.";
            Append(run, AttemptRunner.NotRun(run.Attempt, text) with { StillRuns = true });
        }

        // After the reports, so that a driver hears why before it hears of what comes next.
        for (var i = 0; i < replacedCount; i++)
        {
            StartThread(_options.SlotCount + i);
        }

        Cancel(waiting, "Every slot of the worker is held by a task that was cancelled and does not stop.");
    }

    [LoggerMessage(
        LogLevel.Warning,
        "{Attempt} was cancelled {Limit} ago and still runs. {Consequence}; {UsableCount} of {SlotCount} slots can be used. " +
        "Its code must look at its cancellation token.")]
    private partial void LogStuck(TaskAttemptId attempt, TimeSpan limit, string consequence, int usableCount, int slotCount);

    [LoggerMessage(LogLevel.Information, "{Attempt} stopped at last; its slot is free again.")]
    private partial void LogStuckEnded(TaskAttemptId attempt);

    [LoggerMessage(LogLevel.Warning, "{RunningCount} attempts did not stop within {Limit}. Their threads end with the process.")]
    private partial void LogDidNotStop(int runningCount, TimeSpan limit);

    /// <summary>What one thread is about to run; exists so that running it in a context needs no closure.</summary>
    private sealed class Slot(Executor owner)
    {
        public TaskRun? Run { get; set; }

        public void RunCurrent()
        {
            var run = Run!;
            owner.Report(run, owner._runner.Run(run.Launch, run.QueuedAt, run.Cancellation!.Token));
        }
    }

    /// <summary>Looks once, at the limit, whether cancelled attempts have stopped.</summary>
    private sealed class CancelWatch
    {
        private readonly ITimer _timer;

        public CancelWatch(Executor owner, List<TaskRun> cancelled)
        {
            _timer = owner._timeProvider.CreateTimer(_ => Fire(owner, cancelled), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(owner._options.CancelLimit, Timeout.InfiniteTimeSpan);
        }

        private void Fire(Executor owner, List<TaskRun> cancelled)
        {
            _timer.Dispose();
            owner.MarkStuck(cancelled);
        }
    }
}
