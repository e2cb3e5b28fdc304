using Dpark.Rdds;
using Dpark.TestKit;
using Microsoft.Extensions.DependencyInjection;

namespace Dpark.Driver;

/// <summary>Whom the driver takes for lost when the master starts over. The clock stands still, so whatever the driver would wait for does not come.</summary>
public sealed class WorkerFleetTests() : DriverTest(services => services.AddSingleton<TimeProvider>(new ManualTimeProvider()))
{
    [Fact]
    public async Task MasterStartsOver_ItKnowsThatAWorkerIsDead_TheTaskRunsElsewhereAtOnce()
    {
        var lost = Cluster.AddWorker("w1");
        var context = Context();
        var collected = context.Range(0, 1, sliceCount: 1).CollectAsync();
        await lost.NextLaunchAsync();
        var other = Cluster.AddWorker("w2");

        Cluster.Master.StartOver(gone: [lost.Info.Id], other.Info);

        await ReportNextAsync(other, 5);
        await AssertCollectedAsync([5L], collected);
        Assert.Equal(2, context.DefaultParallelism);
    }
}
