using System.Collections.Immutable;
using BenchmarkDotNet.Attributes;
using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Storage;
using Dpark.Tasks;
using Dpark.TestKit.Rdds;
using Dpark.Workers;
using Microsoft.Extensions.Logging;

namespace Dpark.Layers;

/// <summary>
/// The way of two million pairs of 16 bytes to a file and back, by one thread: the bytes alone, as frames, as a shuffle, as a job. Each layer does what the one before
/// it does and something more, so none can be faster. Every benchmark returns how many pairs arrived, or throws.
/// </summary>
public class RecordLayers : IMapOutputSource, IDisposable
{
    private const int PairCount = 2_000_000;
    private const int PairBytes = 16;
    private const int ChunkBytes = 256 << 10;
    private const int BucketCount = 4;

    private static readonly AppId App = new("app-1");
    private static readonly WorkerId Worker = new("worker-1");

    private readonly byte[] _chunk = new byte[ChunkBytes];
    private readonly BlockClient _client = new(ReadOnlyMemory<byte>.Empty, new BlockClientOptions());
    private DirectoryInfo _directory = null!;
    private MapOutputFiles _files = null!;
    private ShuffleStore _store = null!;
    private DparkContext _context = null!;
    private MapOutputLocation _output = null!;
    private int _shuffleCount;

    /// <summary>Starts what the layers need.</summary>
    [GlobalSetup]
    public void Start()
    {
        _directory = Directory.CreateTempSubdirectory("dpark-layers-");
        _files = new MapOutputFiles([_directory.FullName]);
        _store = new ShuffleStore(Worker, _files, this, _client, new ShuffleOptions());
        _context = DparkContext.LocalAsync(new LocalOptions { SlotCount = 1, MinimumLogLevel = LogLevel.Error }).GetAwaiter().GetResult();
    }

    /// <summary>Ends it.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _context.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _client.Dispose();
        _directory.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The bytes of the pairs, written to a new file and read.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = PairCount)]
    public long Disk()
    {
        const long Length = (long)PairCount * PairBytes;
        var path = Path.Combine(_directory.FullName, "bytes");
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, options: FileOptions.DeleteOnClose);
        for (var position = 0L; position < Length; position += _chunk.Length)
        {
            RandomAccess.Write(file, _chunk.AsSpan(0, (int)Math.Min(_chunk.Length, Length - position)), position);
        }

        var count = 0L;
        for (int read; (read = RandomAccess.Read(file, _chunk, count)) > 0; count += read)
        {
        }

        return Expect(count / PairBytes);
    }

    /// <summary>The pairs encoded into frames of one bucket, and decoded.</summary>
    [Benchmark(OperationsPerInvoke = PairCount)]
    public long Codec()
    {
        using var pairs = new PairSource(PairCount);
        using var spilled = _store.Spread(pairs, OneBucketPartitioner.Instance, NewContext());
        using var reader = spilled.Open(0);
        return Expect(Count(reader));
    }

    /// <summary>The pairs spread over buckets by hash, and every bucket read.</summary>
    [Benchmark(OperationsPerInvoke = PairCount)]
    public long Shuffle()
    {
        var shuffle = new ShuffleId(App, ++_shuffleCount);
        using var pairs = new PairSource(PairCount);
        var output = _store.WriteMapOutput<long, long, long>(shuffle, 0, pairs, new HashPartitioner(BucketCount), aggregator: null, NewContext());
        _output = new MapOutputLocation(output, "127.0.0.1:1");
        var count = 0L;
        for (var bucket = 0; bucket < BucketCount; bucket++)
        {
            using var reader = _store.ReadBucket<long, long>(shuffle, bucket, NewContext());
            count += Count(reader);
        }

        _files.DeleteShuffle(shuffle);
        return Expect(count);
    }

    /// <summary>The same as a job of one slot, with its grains and its plan.</summary>
    [Benchmark(OperationsPerInvoke = PairCount)]
    public async Task<long> Job() => Expect(await _context.Range(0, PairCount, sliceCount: 1)
        .Map(number => (number, number))
        .PartitionByKey(BucketCount)
        .CountAsync());

    /// <inheritdoc/>
    public ImmutableArray<MapOutputLocation> Get(ShuffleId shuffle, long minimumEpoch, CancellationToken cancellationToken) => [_output];

    private TaskContext NewContext() => new()
    {
        Attempt = new TaskAttemptId(App, 1, 0, 0, 0),
        Worker = Worker,
        CancellationToken = CancellationToken.None,
        Shuffle = _store,
        Cache = new InMemoryPartitionCache(),
        Broadcasts = new NoBroadcasts(),
    };

    private static long Count<T>(BatchReader<T> reader)
    {
        var count = 0L;
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            count += batch.Length;
        }

        return count;
    }

    private static long Expect(long count) => count == PairCount ? count : throw new InvalidDataException($"{count} pairs arrived of {PairCount}.");
}
