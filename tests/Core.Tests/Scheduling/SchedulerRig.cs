using System.Collections.Immutable;
using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.TestKit;
using Dpark.Workers;

namespace Dpark.Scheduling;

/// <summary>A scheduler whose driver is the test: it stores programs at once unless told not to, and lets the test end each attempt.</summary>
internal sealed class SchedulerRig
{
    public static readonly AppId Application = new("app-1");
    public static readonly WorkerId A = new("worker-a");
    public static readonly WorkerId B = new("worker-b");
    public static readonly WorkerId C = new("worker-c");

    private readonly Dictionary<TaskAttemptId, (WorkerId Worker, TaskAssignment Task)> _running = [];

    public SchedulerRig(SchedulerOptions? options = null) => Scheduler = new(Application, options ?? new() { PrefetchPerSlot = 0 }, Clock);

    public ManualTimeProvider Clock { get; } = new();

    public JobScheduler Scheduler { get; }

    public bool StoresPrograms { get; set; } = true;

    /// <summary>Everything decided so far, in order.</summary>
    public List<SchedulerAction> Actions { get; } = [];

    /// <summary>Attempts that were launched and have neither ended nor been cancelled, by partition.</summary>
    public IEnumerable<TaskAttemptId> Running => _running.Keys.OrderBy(id => (id.StageId, id.PartitionIndex, id.Attempt));

    public static ShuffleId ShuffleOf(int ordinal) => new(Application, ordinal);

    public static StageInfo Map(int stageId, int mapCount, params StageInfo[] parents) => new(stageId, mapCount, ShuffleOf(stageId), parents);

    public static StageInfo Final(int stageId, int partitionCount, params StageInfo[] parents) => new(stageId, partitionCount, null, parents);

    public static TaskFailure Failure(string message = "boom") => new("System.Exception", message, "", null, null, 0, null, null);

    public WorkerId WorkerOf(TaskAttemptId attempt) => _running[attempt].Worker;

    public TaskAssignment AssignmentOf(TaskAttemptId attempt) => _running[attempt].Task;

    public TaskAttemptId RunningOf(StageInfo stage, int partition) => Running.Single(id => id.StageId == stage.StageId && id.PartitionIndex == partition);

    public IEnumerable<T> All<T>()
        where T : SchedulerAction => Actions.OfType<T>();

    /// <summary>Applies events and carries out what follows, until nothing follows.</summary>
    public SchedulerRig Tell(params SchedulerEvent[] changes)
    {
        Queue<SchedulerEvent> pending = new(changes);
        do
        {
            while (pending.TryDequeue(out var change))
            {
                Scheduler.Apply(change);
                Scheduler.AssertConsistent();
            }

            foreach (var action in Scheduler.Decide())
            {
                Actions.Add(action);
                CarryOut(action, pending);
            }
        }
        while (pending.Count > 0);
        Scheduler.AssertConsistent();
        return this;
    }

    public SchedulerRig Join(WorkerId worker, int slots, string? host = null) => Tell(new WorkerJoined(worker, host ?? $"host-of-{worker}", slots));

    public SchedulerRig Submit(int job, StageInfo final, int[]? partitions = null, int maxConcurrent = 0) =>
        Tell(new JobSubmitted(new(job), final, partitions ?? [.. Enumerable.Range(0, final.PartitionCount)], new JobOptions(default, maxConcurrent)));

    public SchedulerRig Succeed(params TaskAttemptId[] attempts) => Tell([.. attempts.Select(id => new TaskReported(WorkerOf(id), Success(id)))]);

    public SchedulerRig SucceedAll() => Succeed([.. Running]);

    public SchedulerRig Fail(TaskAttemptId attempt, string message = "boom") => End(attempt, TaskOutcome.Failed, Failure(message));

    public SchedulerRig FailFetch(TaskAttemptId attempt, ShuffleId shuffle, int map, WorkerId worker, bool isWorkerGone = false) =>
        End(attempt, TaskOutcome.FetchFailed, Failure() with { Shuffle = shuffle, MapIndex = map, Worker = worker, IsWorkerGone = isWorkerGone });

    public SchedulerRig End(TaskAttemptId attempt, TaskOutcome outcome, TaskFailure? failure)
    {
        _running.Remove(attempt, out var running);
        return Tell(new TaskReported(running.Worker, new(attempt, outcome, null, null, 0, null, failure, new(), [])));
    }

    public SchedulerRig Lose(WorkerId worker)
    {
        foreach (var attempt in _running.Where(r => r.Value.Worker == worker).Select(r => r.Key).ToArray())
        {
            _running.Remove(attempt);
        }

        return Tell(new WorkerLost(worker, "It did not answer."));
    }

    public TaskReport Success(TaskAttemptId attempt)
    {
        var (worker, task) = _running[attempt];
        return SuccessOf(task, worker);
    }

    public static TaskReport SuccessOf(TaskAssignment task, WorkerId worker)
    {
        var output = task.Stage.Shuffle is null
            ? null
            : new MapOutput(task.Attempt.PartitionIndex, worker, task.Attempt.Attempt, ImmutableArray<long>.Empty, 0);
        return new(task.Attempt, TaskOutcome.Succeeded, output is null ? [] : null, null, 0, output, null, new() { RunTime = TimeSpan.FromMilliseconds(1) }, []);
    }

    /// <summary>Moves the clock and sends the ticks that were asked for on the way.</summary>
    public SchedulerRig Advance(TimeSpan time)
    {
        Clock.Advance(time);
        return Tell(new Tick());
    }

    private void CarryOut(SchedulerAction action, Queue<SchedulerEvent> pending)
    {
        switch (action)
        {
            case StartStage start when StoresPrograms:
                pending.Enqueue(new StageReady(start.Stage.StageId));
                break;
            case LaunchTasks launch:
                foreach (var task in launch.Tasks)
                {
                    _running.Add(task.Attempt, (launch.Worker, task));
                }

                break;
            case CancelTasks cancel:
                foreach (var attempt in cancel.Attempts)
                {
                    _running.Remove(attempt);
                }

                break;
            case AcceptReport accept:
                _running.Remove(accept.Report.Attempt);
                break;
        }
    }
}
