using Dpark.Applications;
using Dpark.Clusters;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Tasks;
using Dpark.TestKit.Rdds;

namespace Dpark.Shuffle;

public sealed class ShuffleGrainTests(ThreeSilos fixture) : IClassFixture<ThreeSilos>
{
    private const int BucketCount = 2;

    private readonly GrainsCluster _cluster = fixture.Cluster;
    private readonly AppId _application = GrainsCluster.NewApplication();

    private ShuffleId Shuffle => new(_application, 7);

    private IMapOutputRegistryGrain Registry => _cluster.Cluster.Client.GetGrain<IMapOutputRegistryGrain>(_application.Value);

    private IShuffleGrain Grain => _cluster.Cluster.Client.GetGrain<IShuffleGrain>(ShuffleGrainKeys.KeyOf(Shuffle));

    [Fact]
    public async Task ReadBucket_MapsOnAllWorkers_ReadsFilesAndStreams()
    {
        await WriteMapsAsync();

        var sums = new List<int>();
        for (var reduce = 0; reduce < BucketCount; reduce++)
        {
            sums.Add(await SumAsync(reduce, silo: reduce, mapOutputEpoch: 1));
        }

        Assert.Equal(Enumerable.Range(0, 300).Sum(), sums.Sum());
    }

    [Fact]
    public async Task ReadBucket_RegistryLostItsActivation_FailsUntilItIsRegisteredAgain()
    {
        var outputs = await WriteMapsAsync();
        await Registry.ClearAsync(CancellationToken.None);

        var failed = await RunReadAsync(reduce: 0, silo: 0, mapOutputEpoch: 1, partition: 10);
        await RegisterAsync(outputs, epoch: 2);
        var again = await RunReadAsync(reduce: 0, silo: 0, mapOutputEpoch: 2, partition: 11);

        Assert.Equal((TaskOutcome.FetchFailed, -1), (failed.Outcome, failed.Failure!.MapIndex));
        Assert.Equal(TaskOutcome.Succeeded, again.Outcome);
    }

    [Fact]
    public async Task GetState_Registered_CountsOutputsAndBytes()
    {
        var outputs = await WriteMapsAsync();

        var state = await Grain.GetStateAsync(CancellationToken.None);

        Assert.Equal((3, 3, BucketCount, false), (state.MapCount, state.RegisteredCount, state.ReducePartitionCount, state.IsDeleted));
        Assert.Equal(outputs.Sum(output => output.Output.BucketBytes.Sum()), state.Bytes);
    }

    [Fact]
    public async Task Delete_Twice_DeletesFilesEverywhereAndForgetsTheList()
    {
        await WriteMapsAsync();
        var before = Files();

        await Grain.DeleteAsync(CancellationToken.None);
        await Grain.DeleteAsync(CancellationToken.None);

        Assert.Equal(3, before.Length);
        Assert.Empty(Files());
        var state = await Grain.GetStateAsync(CancellationToken.None);
        Assert.Equal((0, true), (state.RegisteredCount, state.IsDeleted));
        Assert.Equal(TaskOutcome.FetchFailed, (await RunReadAsync(reduce: 0, silo: 1, mapOutputEpoch: 5, partition: 20)).Outcome);
    }

    /// <summary>Map <c>i</c> writes 100 numbers on worker <c>i</c>.</summary>
    private async Task<MapOutputLocation[]> WriteMapsAsync()
    {
        var shuffle = Shuffle;
        List<MapOutputLocation> outputs = [];
        for (var map = 0; map < 3; map++)
        {
            var program = await _cluster.PublishAsync(_application, new WriteProgram(shuffle, BucketCount));
            var report = await _cluster.RunAsync(_application, program, silo: map, partition: map);
            Assert.Equal(TaskOutcome.Succeeded, report.Outcome);
            outputs.Add(new(report.MapOutput!, GrainsCluster.WorkerOf(_cluster.Cluster.Silos[map]).Info.BlockEndpoint));
        }

        await RegisterAsync([.. outputs], epoch: 1);
        return [.. outputs];
    }

    private Task<Guid> RegisterAsync(MapOutputLocation[] outputs, long epoch) =>
        Registry.RegisterAsync(new(Shuffle, 3, outputs, epoch, IsLast: true), CancellationToken.None);

    private async Task<int> SumAsync(int reduce, int silo, long mapOutputEpoch)
    {
        var report = await RunReadAsync(reduce, silo, mapOutputEpoch, partition: 100 + reduce);
        Assert.Equal(TaskOutcome.Succeeded, report.Outcome);
        return BitConverter.ToInt32(report.Result!);
    }

    private async Task<TaskReport> RunReadAsync(int reduce, int silo, long mapOutputEpoch, int partition)
    {
        var shuffle = Shuffle;
        var program = await _cluster.PublishAsync(_application, (_, context) =>
        {
            using var reader = context.Shuffle.ReadBucket<int, int>(shuffle, reduce, context);
            var sum = 0;
            for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
            {
                foreach (var (_, value) in batch)
                {
                    sum += value;
                }
            }

            return BitConverter.GetBytes(sum);
        });
        var launch = _cluster.Launch(_application, program, partition, mapOutputEpoch: mapOutputEpoch);
        Assert.Empty(await _cluster.Worker(silo).LaunchAsync(new(_application, 1, [launch]), CancellationToken.None));
        return await _cluster.NextReportAsync(_application, silo);
    }

    private string[] Files() =>
        [.. Directory.EnumerateFiles(_cluster.Root, "map-*", SearchOption.AllDirectories).Where(path => path.Contains(_application.Value, StringComparison.Ordinal))];
}

/// <summary>Writes the numbers from 100 times the partition's index on.</summary>
internal sealed class WriteProgram(ShuffleId shuffle, int bucketCount) : StageProgram
{
    public override TaskOutput Run(Partition partition, TaskContext context)
    {
        var pairs = Enumerable.Range(partition.Index * 100, 100).Select(i => (Key: i, Value: i));
        using var input = BatchListReader<(int Key, int Value)>.Of(pairs);
        return new ShuffleMapOutput(
            context.Shuffle.WriteMapOutput<int, int, int>(shuffle, partition.Index, input, new HashPartitioner(bucketCount), null, context));
    }
}
