using Dpark.Baselines;
using Dpark.Rdds;

namespace Dpark.Workloads;

/// <summary>W7-jobs: what a job costs that has one task, one after the other. The time is that of one job, the median of 200.</summary>
internal sealed class OneTaskJobsWorkload : Workload
{
    private const int JobCount = 200;

    public override string Name => "W7-jobs";

    public override string Description => "200 jobs of one task in a row, beside handing an action to a waiting thread; time of one";

    public override async Task<WorkloadResult> RunAsync(WorkloadRun run, CancellationToken cancellationToken)
    {
        var jobCount = run.Size == WorkloadSize.Smoke ? JobCount / 10 : JobCount;
        await using var engine = await run.StartEngineAsync(cancellationToken);
        var dpark = engine.Context;
        var time = run.TimeProvider;

        var sides = await run.MeasureAsync(
            engine,
            cancellationToken,
            async () =>
            {
                var seconds = new double[jobCount];
                var count = 0L;
                for (var job = 0; job < jobCount; job++)
                {
                    var startedAt = time.GetTimestamp();
                    count += await dpark.Range(0, 1, 1).CountAsync(cancellationToken);
                    seconds[job] = time.GetElapsedTime(startedAt).TotalSeconds;
                }

                return new Sample(Measurement.Median(seconds), $"{count} jobs");
            },
            () =>
            {
                var times = QueueBaseline.RunOneTaskJobs(jobCount, time);
                return Task.FromResult(new Sample(Measurement.Median(times.Select(job => job.TotalSeconds)), $"{times.Length} jobs"));
            });
        return sides[0].Beside(sides[1], Name, 1, repeatCount: jobCount);
    }
}
