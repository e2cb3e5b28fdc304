using Dpark.Applications;
using Dpark.Environments;
using Dpark.Rdds;
using Dpark.Storage;
using Dpark.Tasks;
using Dpark.TestKit.Rdds;

namespace Dpark.Caching;

/// <summary>Caches of several workers that reach each other without a network.</summary>
internal sealed class CacheRig : ICachePeers, IDisposable
{
    public const int SegmentCount = 4;

    // Far apart, so that they take 8 bytes each on their way.
    private static readonly long[][] Batches = [.. Enumerable.Range(0, SegmentCount * 140_000).Select(i => (long)i << 32).Chunk(1000)];

    private readonly InlineRddContext _driver = new();
    private readonly TemporaryDirectory _directory = new();
    private readonly PartitionCache[] _caches;
    private readonly List<CachePeer> _asked = [];

    public CacheRig(int workerCount = 3, long maxBytes = 1 << 30) => _caches =
    [
        .. Enumerable.Range(0, workerCount).Select(worker =>
            new PartitionCache(new() { MaxBytes = maxBytes }, new DiskBlockStore([Path.Combine(_directory.Path, $"{worker}")])) { Peers = this }),
    ];

    public static AppId App { get; } = new("app-1");

    public static IEnumerable<long> Elements => Batches.SelectMany(batch => batch);

    /// <summary>How often the partition was computed.</summary>
    public int ComputedCount { get; private set; }

    /// <summary>Called before a segment is read: the worker and how many it was asked for.</summary>
    public Action<int, int> OnRead { get; set; } = static (_, _) => { };

    /// <summary>Changes a segment on its way.</summary>
    public Action<int, byte[]> OnSent { get; set; } = static (_, _) => { };

    /// <summary>Workers that cannot be reached.</summary>
    public HashSet<int> Lost { get; } = [];

    public List<KeptPartition> Kept { get; } = [];

    public List<string> Warnings { get; } = [];

    public TaskMetrics Metrics { get; private set; } = new();

    public PartitionCache this[int worker] => _caches[worker];

    public static CachePeer Peer(int worker) => new(new($"worker-{worker}"), $"host:{worker + 1}");

    public Rdd<long> NewRdd(StorageLevel level) => _driver.Parallelize([0L], 1).Persist(level);

    public BatchReader<long> Open(int worker, Rdd<long> rdd, int[]? holders = null, int[]? targets = null)
    {
        var context = NewContext(worker, rdd, holders ?? [], targets ?? []);
        Metrics = context.Metrics;
        return new Reader(_caches[worker].GetOrCompute(rdd, new Partition(0), context, Compute), () =>
        {
            Kept.AddRange(context.ListKept());
            Warnings.AddRange(context.Warnings);
        });
    }

    public List<long> Read(int worker, Rdd<long> rdd, int[]? holders = null, int[]? targets = null)
    {
        using var reader = Open(worker, rdd, holders, targets);
        return Drain(reader);
    }

    public static List<long> Drain(BatchReader<long> reader)
    {
        var elements = new List<long>();
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            elements.AddRange(batch);
        }

        return elements;
    }

    public Task<CachedSegment> ReadAsync(CachePeer holder, CachedSegmentRequest request, CancellationToken cancellationToken)
    {
        var worker = IndexOf(holder);
        _asked.Add(holder);
        OnRead(worker, _asked.Count(asked => asked == holder));
        if (Lost.Contains(worker))
        {
            return Task.FromException<CachedSegment>(new IOException($"worker-{worker} is gone."));
        }

        if (((ICachedPartitionSource)_caches[worker]).TryRead(request) is not { } bytes)
        {
            return Task.FromException<CachedSegment>(new IOException($"worker-{worker} does not hold it."));
        }

        OnSent(worker, bytes);
        try
        {
            return Task.FromResult(CachedSegment.Decode(bytes));
        }
        catch (InvalidDataException failure)
        {
            return Task.FromException<CachedSegment>(failure);
        }
    }

    public string? TryCopy(CachePeer target, PartitionKey key, StorageLevel level, Guid content, CancellationToken cancellationToken) => Lost.Contains(IndexOf(target))
        ? $"{target.Worker} is gone."
        : _caches[IndexOf(target)].TryTakeCopy(new(key, level, content, Peer(0)), cancellationToken);

    public void Dispose() => _directory.Dispose();

    private static int IndexOf(CachePeer peer) => peer.Worker.Value[^1] - '0';

    private TaskContext NewContext(int worker, Rdd<long> rdd, int[] holders, int[] targets) => new()
    {
        Attempt = new TaskAttemptId(App, 0, 0, 0, 0),
        Worker = Peer(worker).Worker,
        CancellationToken = CancellationToken.None,
        Shuffle = new InMemoryShuffleStore(),
        Cache = _caches[worker],
        Broadcasts = new NoBroadcasts(),
        CacheHints = new(
            [.. Enumerable.Range(0, _caches.Length).Select(Peer)], [.. holders.Select(holder => new CachedPlace(rdd.Id, 0, holder))], targets),
    };

    private BatchReader<long> Compute()
    {
        ComputedCount++;
        return new BatchListReader<long>([.. Batches]);
    }

    private sealed class Reader(BatchReader<long> source, Action onDisposed) : BatchReader<long>
    {
        public override ReadOnlySpan<long> Next() => source.Next();

        protected override void Dispose(bool disposing)
        {
            source.Dispose();
            onDisposed();
            base.Dispose(disposing);
        }
    }
}
