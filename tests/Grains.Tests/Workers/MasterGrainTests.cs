using Dpark.Clusters;
using Orleans.Runtime;

namespace Dpark.Workers;

public sealed class MasterGrainTests
{
    private const short SiloCount = 3;

    [Fact]
    public async Task WatchWorkers_ClusterHasStarted_ListsEveryWorker()
    {
        await using var cluster = await GrainsCluster.StartAsync(SiloCount);

        var list = await cluster.WaitForWorkersAsync(workers => workers.Workers.Length == SiloCount);

        Assert.Equal(cluster.Cluster.Silos.Select(silo => GrainsCluster.IdOf(silo).Value).Order(), list.Workers.Select(worker => worker.Id.Value).Order());
        Assert.All(list.Workers, worker => Assert.Equal(2, worker.SlotCount));
        Assert.Equal(SiloCount, list.Workers.Select(worker => worker.BlockEndpoint).Distinct().Count());
    }

    [Fact]
    public async Task WatchWorkers_NothingChanges_AnswersWithTheSameVersion()
    {
        await using var cluster = await GrainsCluster.StartAsync(1);
        var list = await cluster.WaitForWorkersAsync(workers => workers.Workers.Length == 1);

        var again = await cluster.Master.WatchWorkersAsync(list.Generation, list.Version, TimeSpan.FromMilliseconds(50), CancellationToken.None);

        Assert.Equal((list.Generation, list.Version), (again.Generation, again.Version));
    }

    [Fact]
    public async Task WatchWorkers_SiloIsKilled_DropsItsWorkerAndServesNothing()
    {
        await using var cluster = await GrainsCluster.StartAsync(SiloCount);
        var list = await cluster.WaitForWorkersAsync(workers => workers.Workers.Length == SiloCount);
        var victim = cluster.Cluster.SecondarySilos[0];
        var lost = list.Workers.Single(worker => worker.Id == GrainsCluster.IdOf(victim));

        await cluster.Cluster.KillSiloAsync(victim);

        var rest = await cluster.WaitForWorkersAsync(workers => workers.Workers.Length == SiloCount - 1);
        Assert.DoesNotContain(lost.Id, rest.Workers.Select(worker => worker.Id));
        await Assert.ThrowsAsync<WorkerUnavailableException>(
            () => cluster.Cluster.Client.GetGrain<IWorkerGrain>(lost.Id.Value).GetStatusAsync(CancellationToken.None));
        Assert.False(await cluster.Master.RegisterWorkerAsync(lost, CancellationToken.None));
        await Assert.ThrowsAnyAsync<IOException>(
            () => cluster.Blocks.ReadAsync(new(new(GrainsCluster.NewApplication(), "b"), lost.Id, lost.BlockEndpoint, 1), CancellationToken.None));
    }

    [Fact]
    public async Task WatchWorkers_CallerHasTheListOfAnotherGeneration_HearsWhoIsDead()
    {
        await using var cluster = await GrainsCluster.StartAsync(SiloCount);
        await cluster.WaitForWorkersAsync(workers => workers.Workers.Length == SiloCount);
        var victim = cluster.Cluster.SecondarySilos[0];

        await cluster.Cluster.KillSiloAsync(victim);

        var rest = await cluster.WaitForWorkersAsync(workers => workers.Workers.Length == SiloCount - 1);
        var known = await cluster.Master.WatchWorkersAsync(rest.Generation, 0, TimeSpan.Zero, CancellationToken.None);
        var other = await cluster.Master.WatchWorkersAsync(Guid.NewGuid(), rest.Version, TimeSpan.Zero, CancellationToken.None);
        Assert.Empty(known.Gone);
        Assert.Equal([GrainsCluster.IdOf(victim)], other.Gone);
    }

    [Fact]
    public async Task WatchWorkers_SiloStops_DropsItsWorkerAndDeletesItsFiles()
    {
        await using var cluster = await GrainsCluster.StartAsync(SiloCount);
        await cluster.WaitForWorkersAsync(workers => workers.Workers.Length == SiloCount);
        var leaver = cluster.Cluster.SecondarySilos[0];

        await cluster.Cluster.StopSiloAsync(leaver);

        var rest = await cluster.WaitForWorkersAsync(workers => workers.Workers.Length == SiloCount - 1);
        Assert.DoesNotContain(GrainsCluster.IdOf(leaver), rest.Workers.Select(worker => worker.Id));
        Assert.Equal(SiloCount - 1, Directory.GetDirectories(cluster.Root).Length);
    }

    [Fact]
    public async Task WatchWorkers_MastersSiloIsKilled_ListsTheOthersElsewhere()
    {
        await using var cluster = await GrainsCluster.StartAsync(SiloCount, ("Dpark:Registration:Interval", "00:01:00"));
        var list = await cluster.WaitForWorkersAsync(workers => workers.Workers.Length == SiloCount);
        var managed = await cluster.Cluster.Client.GetGrain<IManagementGrain>(0).GetActivationAddress(cluster.Master);
        var silo = cluster.Cluster.Silos.Single(s => s.SiloAddress.Equals(managed));

        await cluster.Cluster.KillSiloAsync(silo);
        await cluster.Cluster.WaitForLivenessToStabilizeAsync(didKill: true);

        var rest = await cluster.Cluster.Silos[0].GetMaster().WatchWorkersAsync(list.Generation, list.Version, TimeSpan.FromSeconds(10), CancellationToken.None);
        Assert.NotEqual(list.Generation, rest.Generation);
        Assert.Equal(
            cluster.Cluster.Silos.Select(s => GrainsCluster.IdOf(s).Value).Order(), rest.Workers.Select(worker => worker.Id.Value).Order());
    }

    [Fact]
    public async Task LostActivation_OfTheMaster_KnowsEveryWorkerAtOnce()
    {
        await using var cluster = await GrainsCluster.StartAsync(SiloCount, ("Dpark:Registration:Interval", "00:01:00"));
        var list = await cluster.WaitForWorkersAsync(workers => workers.Workers.Length == SiloCount);

        await GrainsCluster.LoseActivationAsync(cluster.Master);

        var again = await cluster.Master.WatchWorkersAsync(list.Generation, list.Version, TimeSpan.FromSeconds(10), CancellationToken.None);
        Assert.NotEqual(list.Generation, again.Generation);
        Assert.Equal(SiloCount, again.Workers.Length);
    }

    [Fact]
    public async Task RegisterApplication_TwiceAndAway_IsListedOnce()
    {
        await using var cluster = await GrainsCluster.StartAsync(1);
        var application = GrainsCluster.Describe(GrainsCluster.NewApplication());

        await cluster.Master.RegisterApplicationAsync(application, CancellationToken.None);
        await cluster.Master.RegisterApplicationAsync(application, CancellationToken.None);
        var listed = await cluster.Master.ListApplicationsAsync(CancellationToken.None);
        await cluster.Master.UnregisterApplicationAsync(application.Id, CancellationToken.None);
        await cluster.Master.UnregisterApplicationAsync(application.Id, CancellationToken.None);

        Assert.Equal([application], listed);
        Assert.Empty(await cluster.Master.ListApplicationsAsync(CancellationToken.None));
    }
}
