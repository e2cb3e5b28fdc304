using Dpark.Baselines;
using Dpark.Rdds;

namespace Dpark.Workloads;

/// <summary>W7-tasks: what a task costs that does nothing.</summary>
internal sealed class EmptyTasksWorkload : Workload
{
    private const int TaskCount = 10_000;

    public override string Name => "W7-tasks";

    public override string Description => "one job of 10,000 tasks of one number each, beside two threads that take empty actions from a queue";

    public override async Task<IReadOnlyList<WorkloadResult>> RunAsync(WorkloadRun run, CancellationToken cancellationToken)
    {
        var taskCount = run.Size == WorkloadSize.Smoke ? TaskCount / 20 : TaskCount;
        await using var engine = await run.StartEngineAsync(cancellationToken);
        var numbers = engine.Context.Range(0, taskCount, taskCount);
        var sides = await run.MeasureAsync(
            engine,
            cancellationToken,
            run.Timed(async () => await numbers.CountAsync(cancellationToken), count => $"{count} tasks"),
            run.TimedPlain(() => QueueBaseline.RunEmptyTasks(taskCount, 2), count => $"{count} tasks"));
        return [sides[0].Beside(sides[1], Name, taskCount)];
    }
}
