using Dpark.Baselines;
using Dpark.Rdds;

namespace Dpark.Workloads;

/// <summary>W7-tasks: what a task costs that does nothing.</summary>
internal sealed class EmptyTasksWorkload : EngineWorkload
{
    private const int TaskCount = 10_000;

    public override string Name => "W7-tasks";

    public override string Description => "one job of 10,000 tasks of one number each, beside two threads that take empty actions from a queue";

    public override Task<WorkloadSides> PrepareAsync(WorkloadRun run, DparkContext dpark, int factor, CancellationToken cancellationToken)
    {
        var taskCount = factor * (run.Size == WorkloadSize.Smoke ? TaskCount / 20 : TaskCount);
        var numbers = dpark.Range(0, taskCount, taskCount);
        return Task.FromResult(new WorkloadSides(
            run.Timed(async () => await numbers.CountAsync(cancellationToken), count => $"{count} tasks"),
            run.TimedPlain(() => QueueBaseline.RunEmptyTasks(taskCount, 2), count => $"{count} tasks"),
            () => taskCount));
    }
}
