using Dpark.Driver;
using Dpark.Rdds;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Jobs;

/// <summary>Each control call of a job loses its request, loses its reply, or arrives twice: no task is lost, and none counts twice.</summary>
public sealed class LostCallTests(LostCallTests.Fixture fixture) : IClassFixture<LostCallTests.Fixture>, IDisposable
{
    private const int HitsPerTest = 2;

    /// <summary>A list of map outputs with so many does not travel with launches, so workers ask the registry.</summary>
    private const int BucketsOfALongList = 500;

    // Silos of this process share it with the test.
    private static readonly SemaphoreSlim Started = new(0);

    public static TheoryData<CallFault> Faults() => [.. Enum.GetValues<CallFault>()];

    public static TheoryData<string, CallFault> Calls()
    {
        string[] methods =
        [
            "IWorkerGrain.LaunchAsync", "IWorkerGrain.PollAsync", "ITaskGrain.StartAsync", "IMapOutputRegistryGrain.RegisterAsync", "IMapOutputRegistryGrain.GetAsync",
            "IBroadcastGrain.PublishAsync", "IBroadcastGrain.LocateAsync", "IMasterGrain.RegisterApplicationAsync",
            "IApplicationGrain.StartAsync", "IApplicationGrain.EndAsync", "IMasterGrain.WatchWorkersAsync", "IBroadcastGrain.AddHolderAsync",
        ];
        var data = new TheoryData<string, CallFault>();
        foreach (var method in methods)
        {
            foreach (var fault in Enum.GetValues<CallFault>())
            {
                data.Add(method, fault);
            }
        }

        return data;
    }

    public void Dispose() => FaultyCalls.HitNothing();

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Job_CallIsLostOrDoubled_ResultIsRightAndEachPartitionCountsOnce(string method, CallFault fault)
    {
        var context = fixture.Cluster.NewContext();
        var count = context.LongAccumulator();
        FaultyCalls.Hit(method, fault, HitsPerTest);

        // Large enough to be stored as a block that workers fetch.
        var table = Enumerable.Range(0, 50_000).ToArray();
        var sums = context.Range(0, 2000, 8).Map(n =>
        {
            count.Add(1);
            return (n % 50, (long)table[n % 10]);
        }).ReduceByKey((a, b) => a + b, method.EndsWith("GetAsync", StringComparison.Ordinal) ? BucketsOfALongList : 4);
        var expected = Enumerable.Range(0, 50).Select(key => ((long)key, 40L * (key % 10)));
        Assert.Equal(expected, (await Wait.For(sums.CollectAsync(), "the job")).Order());

        Assert.Equal(2000, count.Value);
        await Wait.For(context.DisposeAsync().AsTask(), "disposing");
        Assert.InRange(FaultyCalls.HitCount, 1, HitsPerTest);
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Cancel_CallIsLostOrDoubled_JobEndsAndTheNextOneIsRight(CallFault fault)
    {
        await using var context = fixture.Cluster.NewContext();
        using var cancellation = new CancellationTokenSource();
        var endless = context.Range(0, 3, 3).Map(n => WaitForEnd(n)).CountAsync(cancellation.Token);
        for (var i = 0; i < 3; i++)
        {
            await Wait.For(Started.WaitAsync(), "the start of a task");
        }

        FaultyCalls.Hit("IWorkerGrain.CancelAsync", fault, count: 1);
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Wait.For(endless, "the end of the cancelled job"));
        Assert.Equal(100, await Wait.For(context.Range(0, 100, 12).CountAsync(), "the next job"));
        await Wait.For(FaultyCalls.AllHit, "the call");
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task RenewLease_CallIsLostOrDoubled_DriverKeepsItsApplication(CallFault fault)
    {
        await using var context = fixture.Cluster.NewContext(options => options.Lease = TimeSpan.FromSeconds(3));
        Assert.Equal(100, await Wait.For(context.Range(0, 100, 4).CountAsync(), "the first job"));

        FaultyCalls.Hit("IApplicationGrain.RenewLeaseAsync", fault, count: 1);
        await Wait.For(FaultyCalls.AllHit, "a renewal of the lease");

        Assert.Equal(100, await Wait.For(context.Range(0, 100, 12).CountAsync(), "the next job"));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task RegisterWorker_CallsAreLostOrDoubled_WorkersStayOnce(CallFault fault)
    {
        FaultyCalls.Hit("IMasterGrain.RegisterWorkerAsync", fault, HitsPerTest);
        await Wait.For(FaultyCalls.AllHit, "registrations");

        await using var context = fixture.Cluster.NewContext();
        Assert.Equal(100, await Wait.For(context.Range(0, 100, 12).CountAsync(), "a job"));
        var master = fixture.Cluster.Cluster.Client.GetGrain<IMasterGrain>(IMasterGrain.Key);
        var list = await Wait.For(master.WatchWorkersAsync(Guid.Empty, 0, TimeSpan.Zero, CancellationToken.None), "the list of workers");
        Assert.Equal(fixture.Cluster.Cluster.Silos.Select(silo => JobCluster.IdOf(silo).Value).Order(), list.Workers.Select(worker => worker.Id.Value).Order());
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task ForgetMapOutputs_CallIsLostOrDoubled_LostOutputsAreMadeAgain(CallFault fault)
    {
        await using var context = fixture.Cluster.NewContext();
        var sums = context.Range(0, 2000, 8).Map(n => (n % 50, n)).ReduceByKey((a, b) => a + b, 4);
        var expected = (await Wait.For(sums.CollectAsync(), "the first job")).Order().ToArray();
        FaultyCalls.Hit("IMapOutputRegistryGrain.ForgetAsync", fault, count: 1);
        foreach (var file in fixture.Cluster.FilesOf(context.Application).Where(path => Path.GetFileName(path).StartsWith("map-3.", StringComparison.Ordinal)))
        {
            File.Delete(file);
        }

        Assert.Equal(expected, (await Wait.For(sums.CollectAsync(), "the job that misses a map output")).Order());

        // Lists travel with launches, so a job does not wait for the registry.
        await Wait.For(FaultyCalls.AllHit, "the call");
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task ForgetWorker_CallIsLostOrDoubled_ItsOutputsAreMadeAgain(CallFault fault)
    {
        await using var cluster = await StartAsync(siloCount: 2);
        await using var context = cluster.NewContext();
        var sums = context.Range(0, 2000, 8).Map(n => (n % 50, n)).ReduceByKey((a, b) => a + b, 4);
        var expected = (await Wait.For(sums.CollectAsync(), "the first job")).Order().ToArray();
        FaultyCalls.Hit("IMapOutputRegistryGrain.ForgetWorkerAsync", fault, count: 1);

        await Wait.For(cluster.Cluster.KillSiloAsync(cluster.Cluster.SecondarySilos[0]), "the end of the silo");

        Assert.Equal(expected, (await Wait.For(sums.CollectAsync(), "the job after the loss")).Order());
        await Wait.For(FaultyCalls.AllHit, "the call");
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task DeleteShuffle_CallIsLostOrDoubled_NextJobIsRightAndNothingIsLeft(CallFault fault)
    {
        await using var context = fixture.Cluster.NewContext();

        // Before the job: a collection may come right at its end.
        FaultyCalls.Hit("IShuffleGrain.DeleteAsync", fault, count: 1);
        await ShuffleAsync(context);

        // The collector says that nobody can read the shuffle any more. The thread that ended the job may hold it for a moment longer.
        for (var round = 0; round < 30 && !FaultyCalls.AllHit.IsCompleted; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.WhenAny(FaultyCalls.AllHit, Task.Delay(TimeSpan.FromSeconds(1)));
        }

        await Wait.For(FaultyCalls.AllHit, "the deletion of a shuffle");

        Assert.Equal(100, await Wait.For(context.Range(0, 100, 12).CountAsync(), "the next job"));
        await Wait.For(context.DisposeAsync().AsTask(), "disposing");
        Assert.Empty(fixture.Cluster.FilesOf(context.Application));
    }

    [Fact]
    public async Task Shuffles_ProgramNeverCollects_GoWhenLaterJobsBegin()
    {
        await using var context = fixture.Cluster.NewContext(options => options.CollectAfterShuffleBytes = 1);
        FaultyCalls.Hit("IShuffleGrain.DeleteAsync", CallFault.Duplicate, count: 1);
        for (var job = 0; job < 30 && !FaultyCalls.AllHit.IsCompleted; job++)
        {
            await ShuffleAsync(context);
        }

        await Wait.For(FaultyCalls.AllHit, "the deletion of a shuffle");
    }

    private static async Task ShuffleAsync(DparkContext context) =>
        Assert.Equal(50, await Wait.For(context.Range(0, 2000, 8).Map(n => (n % 50, n)).ReduceByKey((a, b) => a + b, 4).CountAsync(), "the job"));

    private static Task<JobCluster> StartAsync(short siloCount) => JobCluster.StartAsync(
        siloCount,
        builder =>
        {
            builder.AddClientBuilderConfigurator<FaultyCalls.InClient>();
            builder.AddSiloBuilderConfigurator<FaultyCalls.InSilos>();
        },
        ("Dpark:Registration:Interval", "00:00:00.2"),
        JobCluster.OutputsAreFiles);

    private static long WaitForEnd(long n)
    {
        Started.Release();
        TaskContext.Current!.CancellationToken.WaitHandle.WaitOne();
        return n;
    }

    public sealed class Fixture : IAsyncLifetime
    {
        internal JobCluster Cluster { get; private set; } = null!;

        public async Task InitializeAsync() => Cluster = await StartAsync(siloCount: 3);

        public async Task DisposeAsync()
        {
            // Nothing of any application is left, whatever was lost.
            foreach (var silo in Cluster.Cluster.Silos)
            {
                var status = await Cluster.Cluster.Client.GetGrain<IWorkerGrain>(JobCluster.IdOf(silo).Value).GetStatusAsync(CancellationToken.None);
                Assert.Equal(0, status.Executor.RunningCount + status.Executor.QueuedCount);
            }

            await Cluster.DisposeAsync();
        }
    }
}
