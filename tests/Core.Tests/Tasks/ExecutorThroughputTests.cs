using System.Diagnostics;
using Xunit.Abstractions;

namespace Dpark.Tasks;

/// <summary>Measures time, so nothing else may run.</summary>
[CollectionDefinition("Throughput", DisableParallelization = true)]
public sealed class ThroughputTestGroup;

[Collection("Throughput")]
public sealed class ExecutorThroughputTests(ITestOutputHelper output)
{
    // A floor that a busy build machine reaches too; the figure itself is printed.
    private const double LeastTasksPerSecond = 200_000;

    [Fact]
    public async Task TryStart_TenThousandEmptyTasks_CostsMicroseconds()
    {
        const int Count = 10_000;
        await using var rig = new ExecutorRig(new() { SlotCount = 2 }).With("p", (_, _) => ExecutorRig.Empty);
        await RunAsync(rig, round: 0, Count);

        var best = TimeSpan.MaxValue;
        for (var round = 1; round <= 10; round++)
        {
            var watch = Stopwatch.StartNew();
            await RunAsync(rig, round, Count);
            best = watch.Elapsed < best ? watch.Elapsed : best;
        }

        var perSecond = Count / best.TotalSeconds;
        output.WriteLine($"{perSecond:0} empty tasks/s through executor and outbox.");
        Assert.True(perSecond > LeastTasksPerSecond, $"Only {perSecond:0} tasks/s.");
    }

    private static async Task RunAsync(ExecutorRig rig, int round, int count)
    {
        for (var i = 0; i < count; i++)
        {
            rig.Start("p", partition: i, attempt: round);
        }

        await rig.DrainAsync(count);
    }
}
