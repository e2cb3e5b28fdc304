using Dpark.Clusters;

namespace Dpark.Applications;

public sealed class ApplicationGrainTests(OneSilo fixture) : IClassFixture<OneSilo>
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private readonly GrainsCluster _cluster = fixture.Cluster;
    private readonly AppId _application = GrainsCluster.NewApplication();

    private IApplicationGrain Grain => _cluster.Application(_application);

    private ApplicationInfo Info => GrainsCluster.Describe(_application);

    [Fact]
    public async Task Start_SecondDriver_TakesOver()
    {
        var first = await Grain.StartAsync(Info, Lease, CancellationToken.None);
        var second = await Grain.StartAsync(Info, Lease, CancellationToken.None);

        Assert.True(first >= 1);
        Assert.True(second > first);
        Assert.False(await Grain.RenewLeaseAsync(Info, first, Lease, CancellationToken.None));
        Assert.True(await Grain.RenewLeaseAsync(Info, second, Lease, CancellationToken.None));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3601)]
    public async Task Start_LeaseOutOfRange_IsRefused(int seconds) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Grain.StartAsync(Info, TimeSpan.FromSeconds(seconds), CancellationToken.None));

    [Fact]
    public async Task Start_LostActivation_GivesANewerEpoch()
    {
        var first = await Grain.StartAsync(Info, Lease, CancellationToken.None);

        await GrainsCluster.LoseActivationAsync(Grain);

        Assert.True(await Grain.RenewLeaseAsync(Info, first, Lease, CancellationToken.None));
        Assert.True(await Grain.StartAsync(Info, Lease, CancellationToken.None) > first);
        Assert.False(await Grain.RenewLeaseAsync(Info, first, Lease, CancellationToken.None));
    }

    [Fact]
    public async Task Register_SameNameTwice_LastValueCounts()
    {
        await Grain.RegisterAsync("a", "1", CancellationToken.None);
        await Grain.RegisterAsync("a", "2", CancellationToken.None);
        await Grain.RegisterAsync("b", "", CancellationToken.None);

        Assert.Equal("2", await Grain.GetAsync("a", CancellationToken.None));
        Assert.Null(await Grain.GetAsync("c", CancellationToken.None));
        Assert.Equal([new("a", "2"), new("b", "")], (await Grain.SnapshotAsync(CancellationToken.None)).OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    [Fact]
    public async Task End_Twice_EndsItOnWorkersAndRefusesTheDriver()
    {
        var epoch = await Grain.StartAsync(Info, Lease, CancellationToken.None);
        var program = await _cluster.PublishAsync(_application, (_, _) => []);
        await _cluster.RunAsync(_application, program, epoch: epoch);
        var listed = await _cluster.Master.ListApplicationsAsync(CancellationToken.None);

        await Grain.EndAsync(CancellationToken.None);
        await Grain.EndAsync(CancellationToken.None);

        Assert.Contains(Info, listed);
        Assert.DoesNotContain(Info, await _cluster.Master.ListApplicationsAsync(CancellationToken.None));
        Assert.False(await Grain.IsRunningAsync(CancellationToken.None));
        Assert.False(await Grain.RenewLeaseAsync(Info, epoch, Lease, CancellationToken.None));
        var launch = _cluster.Launch(_application, program, partition: 1);
        Assert.Equal([launch.Attempt], await _cluster.Worker().LaunchAsync(new(_application, epoch, [launch]), CancellationToken.None));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Grain.StartAsync(Info, Lease, CancellationToken.None));
    }

    [Fact]
    public async Task Lease_NotRenewed_EndsTheApplication()
    {
        await Grain.StartAsync(Info, TimeSpan.FromSeconds(1), CancellationToken.None);

        // A poll ends, long before its time is over, when the worker forgets the application.
        var batch = await _cluster.PollAsync(_application, TimeSpan.FromSeconds(20)).WaitAsync(TimeSpan.FromSeconds(15));

        Assert.Empty(batch.Reports);
        Assert.False(await Grain.IsRunningAsync(CancellationToken.None));
    }

    [Fact]
    public async Task CheckApplications_EndWasNotTold_EndsItHere()
    {
        await Grain.StartAsync(Info, Lease, CancellationToken.None);
        await Grain.EndAsync(CancellationToken.None);
        var late = GrainsCluster.NewApplication();
        await _cluster.Application(late).StartAsync(GrainsCluster.Describe(late), Lease, CancellationToken.None);
        await _cluster.PollAsync(late, TimeSpan.Zero);
        await _cluster.Application(late).EndAsync(CancellationToken.None);
        var worker = GrainsCluster.WorkerOf(_cluster.Cluster.Silos[0]);

        await worker.CheckApplicationsAsync(CancellationToken.None);

        Assert.False(worker.TryStart(_cluster.Launch(late, new("p")), 1));
    }
}
