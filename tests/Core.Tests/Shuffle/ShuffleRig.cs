using System.Collections.Immutable;
using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Memory;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Storage;
using Dpark.Tasks;
using Dpark.TestKit.Rdds;
using Dpark.Workers;

namespace Dpark.Shuffle;

/// <summary>One worker with its files in a temporary directory, and a list of map outputs that tests can change.</summary>
internal sealed class ShuffleRig : IMapOutputSource, IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpark-shuffle-");
    private readonly BlockClient _client = new(ReadOnlyMemory<byte>.Empty, new BlockClientOptions());

    /// <param name="memoryBytes">Of outputs that are in memory; 0 makes all of them files, whatever the options say.</param>
    public ShuffleRig(Action<ShuffleOptions>? configure = null, long memoryBytes = 0, IReadOnlyList<string>? directories = null, WorkerMemory? memory = null, DiskQuota? quota = null)
    {
        configure?.Invoke(Options);
        Files = new MapOutputFiles(directories ?? [FirstDirectory, Path.Combine(Root, "two")], quota, memoryBytes, memory);
        Store = new ShuffleStore(Worker, Files, this, _client, Options);
    }

    public static AppId App { get; } = new("app-1");

    public static WorkerId Worker { get; } = new("worker-1");

    public string Root => _directory.FullName;

    public string FirstDirectory => Path.Combine(Root, "one");

    public ShuffleOptions Options { get; } = new();

    public MapOutputFiles Files { get; }

    public ShuffleStore Store { get; }

    public ShuffleId Shuffle { get; } = new(App, 3);

    public Dictionary<int, MapOutputLocation> Outputs { get; } = new();

    public ImmutableArray<MapOutputLocation> Get(ShuffleId shuffle, long minimumEpoch, CancellationToken cancellationToken) =>
        [.. Outputs.OrderBy(pair => pair.Key).Select(pair => pair.Value)];

    public string[] AllFiles() => Directory.GetFiles(Root, "*", SearchOption.AllDirectories);

    public MapOutput Write<TKey, TValue>(int mapIndex, IEnumerable<(TKey, TValue)> pairs, int bucketCount)
        where TKey : notnull => Write<TKey, TValue, TValue>(mapIndex, pairs, new HashPartitioner(bucketCount), aggregator: null);

    public MapOutput Write<TKey, TValue, TCombined>(
        int mapIndex, IEnumerable<(TKey, TValue)> pairs, Partitioner partitioner, Aggregator<TValue, TCombined>? aggregator, TaskContext? context = null)
        where TKey : notnull
    {
        using var input = BatchListReader<(TKey, TValue)>.Of(pairs);
        var output = Store.WriteMapOutput(Shuffle, mapIndex, input, partitioner, aggregator, context ?? NewContext());
        Outputs[mapIndex] = new MapOutputLocation(output, "127.0.0.1:1");
        return output;
    }

    public List<(TKey Key, TValue Value)> ReadBucket<TKey, TValue>(int reduceIndex, TaskContext? context = null)
        where TKey : notnull
    {
        using var reader = Store.ReadBucket<TKey, TValue>(Shuffle, reduceIndex, context ?? NewContext());
        return ReadAll(reader);
    }

    public List<(TKey Key, TValue Value)> ReadCombined<TKey, TValue>(int reduceIndex, Func<TValue, TValue, TValue> merge, TaskContext? context = null)
        where TKey : notnull
    {
        using var reader = Store.ReadCombined<TKey, TValue>(Shuffle, reduceIndex, merge, context ?? NewContext());
        return ReadAll(reader);
    }

    public List<(TKey Key, TValue[] Values)> ReadGrouped<TKey, TValue>(int reduceIndex, TaskContext? context = null)
        where TKey : notnull
    {
        using var reader = Store.ReadGrouped<TKey, TValue>(Shuffle, reduceIndex, context ?? NewContext());
        return ReadAll(reader);
    }

    /// <param name="memory">What the task may take; <see langword="null"/> for anything.</param>
    public TaskContext NewContext(int attempt = 0, int stageAttempt = 0, TaskMemory? memory = null, CancellationToken cancellationToken = default) => new()
    {
        Attempt = new TaskAttemptId(App, 1, stageAttempt, 0, attempt),
        Worker = Worker,
        CancellationToken = cancellationToken,
        Shuffle = Store,
        Cache = new InMemoryPartitionCache(),
        Broadcasts = new NoBroadcasts(),
        Memory = memory ?? TaskMemory.Unlimited(new TaskAttemptId(App, 1, stageAttempt, 0, attempt)),
    };

    public void Dispose()
    {
        _client.Dispose();
        _directory.Delete(recursive: true);
    }

    public static List<T> ReadAll<T>(BatchReader<T> reader)
    {
        var records = new List<T>();
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            Assert.InRange(batch.Length, 1, BatchReader.Capacity);
            records.AddRange(batch);
        }

        Assert.True(reader.Next().IsEmpty);
        return records;
    }
}
