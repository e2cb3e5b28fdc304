using System.Diagnostics;
using Xunit.Abstractions;
using static Dpark.Scheduling.SchedulerRig;

namespace Dpark.Scheduling;

[Collection("Throughput")]
public sealed class JobSchedulerThroughputTests(ITestOutputHelper output)
{
    // A floor that a busy build machine reaches too; the figure itself is printed.
    private const double LeastTasksPerSecond = 100_000;

    [Theory]
    [InlineData(1, false)]
    [InlineData(100, false)]
    [InlineData(100, true)]
    public void Decide_TenThousandTasks_CostsMicrosecondsEach(int workers, bool withPreferences)
    {
        const int Count = 10_000;
        var best = TimeSpan.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            var watch = Stopwatch.StartNew();
            Assert.Equal(Count, Run(workers, Count, withPreferences));
            best = watch.Elapsed < best ? watch.Elapsed : best;
        }

        var perSecond = Count / best.TotalSeconds;
        output.WriteLine($"{perSecond:0} tasks/s through the scheduler with {workers} workers.");
        Assert.True(perSecond > LeastTasksPerSecond, $"Only {perSecond:0} tasks/s.");
    }

    [Fact]
    public void Decide_TaskCountTenfold_CostsAboutTenfold()
    {
        Run(workers: 4, 10_000, withPreferences: false);
        var small = Time(() => Run(workers: 4, 10_000, withPreferences: false));
        var large = Time(() => Run(workers: 4, 100_000, withPreferences: false));

        Assert.True(large < small * 40, $"10,000 tasks took {small}, 100,000 took {large}.");
    }

    private static TimeSpan Time(Action action)
    {
        var watch = Stopwatch.StartNew();
        action();
        return watch.Elapsed;
    }

    private static int Run(int workers, int count, bool withPreferences)
    {
        var scheduler = new JobScheduler(Application, new(), TimeProvider.System);
        for (var i = 0; i < workers; i++)
        {
            scheduler.Apply(new WorkerJoined(new($"worker-{i}"), $"host-{i}", 2));
        }

        var final = new StageInfo(0, count, null, []) { PreferredLocations = withPreferences ? p => [$"host-{p % workers}", $"host-{(p + 1) % workers}"] : null };
        scheduler.Apply(new JobSubmitted(new(0), final, [.. Enumerable.Range(0, count)], default));
        scheduler.Apply(new StageReady(0));
        scheduler.Decide();
        scheduler.Apply(new StageReady(0));
        var delivered = 0;
        Queue<LaunchTasks> launched = new();
        Collect(scheduler.Decide());
        while (launched.TryDequeue(out var launch))
        {
            foreach (var task in launch.Tasks)
            {
                scheduler.Apply(new TaskReported(launch.Worker, SuccessOf(task, launch.Worker)));
            }

            Collect(scheduler.Decide());
        }

        scheduler.AssertNoState();
        return delivered;

        void Collect(IReadOnlyList<SchedulerAction> actions)
        {
            foreach (var action in actions)
            {
                if (action is LaunchTasks launch)
                {
                    launched.Enqueue(launch);
                }
                else if (action is DeliverResult)
                {
                    delivered++;
                }
            }
        }
    }
}
