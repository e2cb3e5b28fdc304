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
        await using var dpark = await Engine.StartAsync(cancellationToken);
        var numbers = dpark.Range(0, TaskCount, TaskCount);
        var time = run.TimeProvider;

        var sides = await run.MeasureAsync(
            cancellationToken,
            async () =>
            {
                var startedAt = time.GetTimestamp();
                var count = await numbers.CountAsync(cancellationToken);
                return new Sample(time.GetElapsedTime(startedAt).TotalSeconds, $"{count} tasks");
            },
            () =>
            {
                var startedAt = time.GetTimestamp();
                var count = QueueBaseline.RunEmptyTasks(TaskCount, 2);
                return Task.FromResult(new Sample(time.GetElapsedTime(startedAt).TotalSeconds, $"{count} tasks"));
            });
        return [sides[0].Beside(sides[1], Name, TaskCount)];
    }
}
