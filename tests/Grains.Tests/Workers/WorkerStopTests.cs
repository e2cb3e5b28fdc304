using Dpark.Applications;
using Dpark.Clusters;
using Dpark.Tasks;

namespace Dpark.Workers;

public sealed class WorkerStopTests
{
    [Fact]
    public async Task StopSilo_AttemptRuns_ReportsItToTheDriverThatWaits()
    {
        await using var cluster = await GrainsCluster.StartAsync(2);
        using var signals = new Signals();
        var application = GrainsCluster.NewApplication();
        await StartWaitingTaskAsync(cluster, application, signals, silo: 1);
        var poll = cluster.PollAsync(application, TimeSpan.FromSeconds(20), silo: 1);

        await cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[1]).WaitAsync(GrainsCluster.Limit);

        var report = Assert.Single((await poll.WaitAsync(GrainsCluster.Limit)).Reports);
        Assert.Equal(TaskOutcome.Cancelled, report.Outcome);
        Assert.Single(Directory.GetDirectories(cluster.Root));
    }

    [Fact]
    public async Task StopSilo_DriverWaitsForNothing_IsNotHeldUp()
    {
        await using var cluster = await GrainsCluster.StartAsync(2);
        var application = GrainsCluster.NewApplication();
        var worker = cluster.Worker(silo: 1);
        var poll = worker.PollAsync(application, default, TimeSpan.FromSeconds(20), CancellationToken.None);
        await worker.GetStatusAsync(CancellationToken.None);

        await cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[1]).WaitAsync(TimeSpan.FromSeconds(15));

        Assert.Empty((await poll.WaitAsync(GrainsCluster.Limit)).Reports);
    }

    [Fact]
    public async Task KillSilo_AttemptRuns_IsCancelledAndFilesGo()
    {
        await using var cluster = await GrainsCluster.StartAsync(2);
        using var signals = new Signals();
        var application = GrainsCluster.NewApplication();
        await StartWaitingTaskAsync(cluster, application, signals, silo: 1);

        await cluster.Cluster.KillSiloAsync(cluster.Cluster.Silos[1]).WaitAsync(GrainsCluster.Limit);

        await signals.Cancelled;
        Assert.Single(Directory.GetDirectories(cluster.Root));
    }

    private static async Task StartWaitingTaskAsync(GrainsCluster cluster, AppId application, Signals signals, int silo)
    {
        var signal = signals.Id;
        var program = await cluster.PublishAsync(application, (_, context) =>
        {
            Signals.WaitForCancellation(signal, context.CancellationToken);
            return [];
        });
        await cluster.Worker(silo).LaunchAsync(new(application, 1, [cluster.Launch(application, program)]), CancellationToken.None);
        await signals.Started;
    }
}
