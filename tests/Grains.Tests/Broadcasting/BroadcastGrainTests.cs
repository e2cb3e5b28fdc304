using System.Text;
using Dpark.Applications;
using Dpark.Clusters;
using Dpark.Storage;
using Dpark.Tasks;

namespace Dpark.Broadcasting;

public sealed class BroadcastGrainTests(ThreeSilos fixture) : IClassFixture<ThreeSilos>
{
    private const int Length = 300_000;

    private static readonly BroadcastId Id = new(0);

    private readonly GrainsCluster _cluster = fixture.Cluster;
    private readonly AppId _application = GrainsCluster.NewApplication();

    private IBroadcastGrain Grain => _cluster.Broadcast(_application, BroadcastNames.Of(Id));

    [Fact]
    public async Task Locate_NotPublished_IsNull() => Assert.Null(await Grain.LocateAsync(CancellationToken.None));

    [Fact]
    public async Task Publish_NeitherBytesNorHolders_IsRefused()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Grain.PublishAsync(new(5, null, []), CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentException>(() => Grain.PublishAsync(new(5, [1], []), CancellationToken.None));
        await Assert.ThrowsAsync<ArgumentException>(() => Grain.PublishAsync(new(70_000, new byte[70_000], []), CancellationToken.None));
    }

    [Fact]
    public async Task AddHolder_Several_ListsTheLatestFirstAndEachOnce()
    {
        await Grain.PublishAsync(new(5, null, [Holder("a")]), CancellationToken.None);

        await Grain.AddHolderAsync(Holder("b"), CancellationToken.None);
        await Grain.AddHolderAsync(Holder("a"), CancellationToken.None);
        await Grain.AddHolderAsync(Holder("c"), CancellationToken.None);
        await Grain.RemoveHolderAsync(new("a"), CancellationToken.None);

        Assert.Equal([Holder("c"), Holder("b")], (await Grain.LocateAsync(CancellationToken.None))!.Holders);
    }

    [Fact]
    public async Task RemoveHolder_TheLast_IsNotPublishedAnyMore()
    {
        await Grain.PublishAsync(new(5, null, [Holder("a")]), CancellationToken.None);

        await Grain.RemoveHolderAsync(new("a"), CancellationToken.None);

        Assert.Null(await Grain.LocateAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Remove_Published_IsForgotten()
    {
        await Grain.PublishAsync(new(1, [1], []), CancellationToken.None);

        await Grain.RemoveAsync(CancellationToken.None);

        Assert.Null(await Grain.LocateAsync(CancellationToken.None));
    }

    [Fact]
    public async Task GetOrFetch_TasksOnAllWorkers_FetchAndDecodeOncePerWorker()
    {
        using var signals = new Signals();
        var signal = signals.Id;
        await PublishOnFirstWorkerAsync();
        var program = await _cluster.PublishAsync(_application, (_, context) => Encoding.UTF8.GetBytes(Describe(context, signal)));

        List<string> results = [];
        for (var silo = 0; silo < 3; silo++)
        {
            for (var partition = 0; partition < 4; partition++)
            {
                var report = await _cluster.RunAsync(_application, program, silo, partition);
                Assert.Equal(TaskOutcome.Succeeded, report.Outcome);
                results.Add(Encoding.UTF8.GetString(report.Result!));
            }
        }

        Assert.All(results, result => Assert.Equal($"{Length} bytes", result));
        Assert.Equal(3, signals.Counted);
        Assert.All(
            Enumerable.Range(0, 3),
            silo => Assert.Equal(Length, _cluster.Blocks.ReadAsync(Location(silo), CancellationToken.None).GetAwaiter().GetResult().Length));
    }

    [Fact]
    public async Task GetOrFetch_FirstHolderHasLostIt_ComesFromAnother()
    {
        using var signals = new Signals();
        var signal = signals.Id;
        await PublishOnFirstWorkerAsync();
        var program = await _cluster.PublishAsync(_application, (_, context) => Encoding.UTF8.GetBytes(Describe(context, signal)));
        await _cluster.RunAsync(_application, program, silo: 1);
        await _cluster.Blocks.DeleteAsync(Location(0).Worker, Location(0).Endpoint, Location(0).Block, CancellationToken.None);

        // The second worker says so itself, in the background; a second time changes nothing.
        await Grain.AddHolderAsync(HolderOf(1), CancellationToken.None);
        var report = await _cluster.RunAsync(_application, program, silo: 2);

        Assert.Equal(TaskOutcome.Succeeded, report.Outcome);
    }

    [Fact]
    public async Task GetOrFetch_NobodyHasIt_ReportsMissingInput()
    {
        var program = await _cluster.PublishAsync(
            _application, (_, context) => (byte[])context.Broadcasts.GetOrFetch(context.Attempt.Application, Id, bytes => bytes.ToArray(), context.CancellationToken));

        var report = await _cluster.RunAsync(_application, program, silo: 1);

        Assert.Equal(TaskOutcome.MissingInput, report.Outcome);
        Assert.Contains("broadcast-0", report.Failure!.Message, StringComparison.Ordinal);
    }

    private static string Describe(TaskContext context, Guid signal) => (string)context.Broadcasts.GetOrFetch(
        context.Attempt.Application,
        new BroadcastId(0),
        bytes =>
        {
            Signals.Count(signal);
            return $"{bytes.Length} bytes";
        },
        context.CancellationToken);

    private static BroadcastHolder Holder(string worker) => new(new(worker), "127.0.0.1:1");

    private async Task PublishOnFirstWorkerAsync()
    {
        await _cluster.Blocks.PutAsync(Location(0).Worker, Location(0).Endpoint, Location(0).Block, new byte[Length], CancellationToken.None);
        await Grain.PublishAsync(new(Length, null, [HolderOf(0)]), CancellationToken.None);
    }

    private BroadcastHolder HolderOf(int silo)
    {
        var info = GrainsCluster.WorkerOf(_cluster.Cluster.Silos[silo]).Info;
        return new(info.Id, info.BlockEndpoint);
    }

    private BlockLocation Location(int silo)
    {
        var holder = HolderOf(silo);
        return new(new(_application, BroadcastNames.Of(Id)), holder.Worker, holder.Endpoint, Length);
    }
}
