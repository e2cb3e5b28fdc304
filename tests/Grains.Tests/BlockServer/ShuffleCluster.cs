using System.Collections.Immutable;
using Dpark.Configuration;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Tasks;
using Dpark.TestKit.Rdds;
using Dpark.Workers;

namespace Dpark.Storage;

/// <summary>Workers with a block server each, whose map tasks and reduce tasks are called one by one.</summary>
internal sealed class ShuffleCluster : IMapOutputSource, IAsyncDisposable
{
    private readonly List<BlockRig> _workers = [];
    private readonly List<MapOutputLocation> _outputs = [];

    public ShuffleCluster(int workerCount, Action<BlockServerOptions>? server = null, Action<BlockClientOptions>? client = null)
    {
        for (var i = 0; i < workerCount; i++)
        {
            _workers.Add(new BlockRig(server, client, worker: NameOf(i).Value));
        }
    }

    public ShuffleId Shuffle { get; } = new(BlockRig.App, 3);

    public ShuffleOptions Options { get; } = new() { FrameBytes = 4096 };

    public IReadOnlyList<BlockRig> Workers => _workers;

    public List<MapOutputLocation> Outputs => _outputs;

    /// <summary>The metrics of the last reduce task.</summary>
    public TaskMetrics Metrics { get; private set; } = new();

    public ImmutableArray<MapOutputLocation> Get(ShuffleId shuffle, long minimumEpoch, CancellationToken cancellationToken) => [.. _outputs];

    public MapOutput Write(int worker, int mapIndex, IEnumerable<(int, long)> pairs, int bucketCount)
    {
        using var input = BatchListReader<(int, long)>.Of(pairs);
        var output = StoreOf(worker).WriteMapOutput<int, long, long>(Shuffle, mapIndex, input, new HashPartitioner(bucketCount), aggregator: null, NewContext(worker));
        _outputs.Add(new MapOutputLocation(output, _workers[worker].Server.Endpoint));
        return output;
    }

    public List<(int Key, long Value)> ReadBucket(int worker, int reduceIndex, CancellationToken cancellationToken = default)
    {
        using var reader = Open(worker, reduceIndex, cancellationToken);
        var pairs = new List<(int, long)>();
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            pairs.AddRange(batch);
        }

        return pairs;
    }

    public BatchReader<(int Key, long Value)> Open(int worker, int reduceIndex, CancellationToken cancellationToken = default)
    {
        var context = NewContext(worker, cancellationToken);
        Metrics = context.Metrics;
        return StoreOf(worker).ReadBucket<int, long>(Shuffle, reduceIndex, context);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
        {
            await worker.DisposeAsync();
        }
    }

    private ShuffleStore StoreOf(int worker) => new(NameOf(worker), _workers[worker].MapOutputs, this, _workers[worker].Client, Options);

    private TaskContext NewContext(int worker, CancellationToken cancellationToken = default) => new()
    {
        Attempt = new TaskAttemptId(BlockRig.App, 1, 0, 0, 0),
        Worker = NameOf(worker),
        CancellationToken = cancellationToken,
        Shuffle = StoreOf(worker),
        Cache = new InMemoryPartitionCache(),
        Broadcasts = new NoBroadcasts(),
    };

    private static WorkerId NameOf(int worker) => new($"worker-{worker}");
}
