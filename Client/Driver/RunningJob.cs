using System.Diagnostics;
using Dpark.Accumulators;
using Dpark.Jobs;
using Dpark.Rdds;
using Dpark.Scheduling;
using Dpark.Tasks;

namespace Dpark.Driver;

/// <summary>One job between the driver's loop, which delivers results and the end, and its caller, who takes them in order. Thread-safe.</summary>
internal sealed class RunningJob(JobId id, IReadOnlyList<int> partitions, JobOptions options, long maxResultBytes)
{
    private const int MaxWarnings = 1000;

    private readonly Lock _gate = new();
    private readonly TaskReport?[] _reports = new TaskReport?[partitions.Count];
    private readonly List<string> _warnings = [];
    private readonly HashSet<string> _warningTexts = new(StringComparer.Ordinal);
    private readonly SortedDictionary<AccumulatorId, IDriverAccumulator> _accumulators = new(Comparer<AccumulatorId>.Create((one, other) => one.Value.CompareTo(other.Value)));
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<TaskReport>? _waiter;
    private int _waitingPosition;
    private int _takenCount;
    private long _resultBytes;
    private Exception? _failure;
    private Action<SchedulerEvent>? _tell;

    public JobId Id { get; } = id;

    public IReadOnlyList<int> Partitions { get; } = partitions;

    public JobOptions Options { get; } = options;

    public MetricsSum Metrics { get; } = new();

    /// <summary>It computes a result again that was lost before it was read: what its tasks add to accumulators has counted.</summary>
    public bool IsRepeated { get; init; }

    /// <summary>When it was submitted.</summary>
    public long StartedAt { get; set; }

    /// <summary>Completes when the driver's loop has nothing more to do with the job, whatever its end.</summary>
    public Task Ended => _ended.Task;

    public override string ToString() => $"{Id} ({Options.CallSite})";

    /// <summary>Connects the job to the driver's loop, before it is submitted.</summary>
    public void Connect(Action<SchedulerEvent> tell) => _tell = tell;

    /// <summary>The result at a position. Called once for each, in order.</summary>
    /// <exception cref="JobFailedException">The job failed.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async ValueTask<TaskReport> TakeAsync(int position)
    {
        Task<TaskReport> waiting;
        lock (_gate)
        {
            ThrowIfFailed();
            if (_reports[position] is { } ready)
            {
                Taken(position);
                return ready;
            }

            Debug.Assert(_waiter is null, "A job has one caller.");
            _waitingPosition = position;
            _waiter = new(TaskCreationOptions.RunContinuationsAsynchronously);
            waiting = _waiter.Task;
        }

        var report = await waiting.ConfigureAwait(false);
        lock (_gate)
        {
            Taken(position);
        }

        return report;
    }

    /// <summary>A result has come. Called by the loop.</summary>
    /// <returns><see langword="false"/> if the results of the job are over the limit now.</returns>
    public bool Deliver(int position, TaskReport report)
    {
        lock (_gate)
        {
            if (_ended.Task.IsCompleted)
            {
                return true;
            }

            _resultBytes += MetricsSum.ResultBytesOf(report);
            if (maxResultBytes > 0 && Options.MaxConcurrentPartitions == 0 && _resultBytes > maxResultBytes)
            {
                return false;
            }

            _reports[position] = report;
            if (_waiter is { } waiter && _waitingPosition == position)
            {
                _waiter = null;
                waiter.TrySetResult(report);
            }

            return true;
        }
    }

    /// <summary>Notes a warning.</summary>
    /// <returns>Whether it is the first with this text.</returns>
    public bool Warn(string text)
    {
        lock (_gate)
        {
            if (_warnings.Count >= MaxWarnings || !_warningTexts.Add(text))
            {
                return false;
            }

            _warnings.Add(text);
            return true;
        }
    }

    /// <summary>A task of the job has added to an accumulator. Called by the loop.</summary>
    public void Added(IDriverAccumulator accumulator)
    {
        if (accumulator.Name is not null)
        {
            lock (_gate)
            {
                _accumulators[accumulator.Id] = accumulator;
            }
        }
    }

    /// <summary>The caller's token was cancelled.</summary>
    public void Cancel(CancellationToken token) => Abort(new OperationCanceledException($"{this} was cancelled by its caller.", token));

    /// <summary>Ends the job from outside the loop; what the caller waits for throws.</summary>
    public void Abort(Exception reason)
    {
        if (!_ended.Task.IsCompleted)
        {
            Fail(reason);
            _tell?.Invoke(new JobCancelled(Id));
        }
    }

    /// <summary>The job has ended. Called by the loop, after its listeners.</summary>
    /// <param name="failure">What the caller gets; <see langword="null"/> if it succeeded, or if the caller wanted no more.</param>
    public void End(Exception? failure)
    {
        if (failure is not null)
        {
            Fail(failure);
        }

        _ended.TrySetResult();
    }

    /// <summary>What listeners are told at its end.</summary>
    public JobSummary Summarize(JobOutcome outcome, TimeSpan elapsed, Exception? failure)
    {
        lock (_gate)
        {
            return new(Id, Options.CallSite, outcome, elapsed, Metrics.Snapshot(), [.. _warnings], failure)
            {
                Accumulators = [.. _accumulators.Values.Select(accumulator => new NamedTotal(accumulator.Name!, accumulator.Text))],
            };
        }
    }

    /// <summary>The caller takes no more: cancels the job if it still runs, and waits until the loop has let it go.</summary>
    /// <returns>Delivered results that nobody took.</returns>
    public async Task<IReadOnlyList<TaskReport>> LeaveAsync()
    {
        if (!_ended.Task.IsCompleted)
        {
            _tell?.Invoke(new JobCancelled(Id));
            await Ended.ConfigureAwait(false);
        }

        lock (_gate)
        {
            return [.. _reports.Skip(_takenCount).OfType<TaskReport>()];
        }
    }

    private void Fail(Exception failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            _waiter?.TrySetException(_failure);
            _waiter = null;
        }
    }

    private void Taken(int position)
    {
        _reports[position] = null;
        _takenCount = position + 1;
        if (Options.MaxConcurrentPartitions > 0)
        {
            _tell?.Invoke(new ResultTaken(Id, position));
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(_failure);
        }
    }
}
