using Dpark.Rdds;
using Orleans.Runtime;

namespace Dpark.Driver;

/// <summary>How a driver starts its application, keeps it, and ends it.</summary>
public sealed class DriverApplicationTests : DriverTest
{
    [Fact]
    public async Task DisposeAsync_JobRuns_IsCancelledAndTheApplicationEnds()
    {
        var worker = Cluster.AddWorker("w1");
        var context = Context(options => options.ApplicationName = "billing");
        var collected = context.Range(0, 1, sliceCount: 1).CollectAsync();
        await worker.NextLaunchAsync();

        await Wait.For(context.DisposeAsync().AsTask(), "disposing");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait.For(collected, "the job"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => context.Range(0, 1).CountAsync());
        Assert.Equal(["start billing", "end"], Cluster.Application.Calls);
    }

    [Fact]
    public async Task DisposeAsync_NothingWasRun_LeavesNoTrace()
    {
        var context = Context();

        await context.DisposeAsync();

        Assert.Empty(Cluster.Application.Calls);
    }

    [Fact]
    public async Task StartAsync_CallsAreLost_IsMadeThreeTimesAndCanBeTriedAgain()
    {
        Cluster.AddWorker("w1", slotCount: 3);
        for (var i = 0; i < 4; i++)
        {
            Cluster.Application.StartFailures.Enqueue(new TimeoutException("No answer came."));
        }

        var context = Context();
        await Assert.ThrowsAsync<TimeoutException>(() => context.StartAsync());

        await context.StartAsync();

        Assert.Equal(3, context.DefaultParallelism);
    }

    [Fact]
    public async Task StartAsync_IsRejected_IsMadeAgain()
    {
        Cluster.AddWorker("w1", slotCount: 3);
        Cluster.Application.StartFailures.Enqueue(new SiloUnavailableException("The silo is gone."));
        var context = Context();

        await Wait.For(context.StartAsync(), "the start");

        Assert.Equal(3, context.DefaultParallelism);
        Assert.Equal(2, Cluster.Application.Calls.Count(call => call.StartsWith("start", StringComparison.Ordinal)));
        Assert.Equal("The silo is gone.", context.StartRejection?.Message);
    }

    [Fact]
    public async Task Lease_ClusterHasEndedTheApplication_JobsFail()
    {
        var worker = Cluster.AddWorker("w1");
        Cluster.Application.IsAlive = false;
        var collected = Context(options => options.Lease = TimeSpan.FromSeconds(1)).Range(0, 1, sliceCount: 1).CollectAsync();
        await worker.NextLaunchAsync();

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => Wait.For(collected, "the job"));

        Assert.Contains("has ended in the cluster", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RegisterAsync_GrainForgets_NamesAreSetAgainWithTheLease()
    {
        var context = Context(options => options.Lease = TimeSpan.FromSeconds(1));
        await context.RegisterAsync("colour", "red");
        Assert.Equal("colour", await Wait.For(Cluster.Application.Registered, "name"));

        Cluster.Application.Forget();

        Assert.Equal("colour", await Wait.For(Cluster.Application.Registered, "name that is set again"));
        Assert.Equal("red", await context.GetAsync("colour"));
    }

    [Fact]
    public async Task RegisterAsync_Names_AreReadBack()
    {
        var context = Context();

        await context.RegisterAsync("colour", "red");

        Assert.Equal("red", await context.GetAsync("colour"));
        Assert.Null(await context.GetAsync("size"));
        Assert.Equal("red", (await context.SnapshotAsync())["colour"]);
    }
}
