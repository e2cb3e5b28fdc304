using Dpark.Applications;
using Dpark.Codecs;
using Dpark.Environments;
using Dpark.Rdds;
using Dpark.Storage;
using Dpark.Tasks;
using Dpark.TestKit.Rdds;
using Dpark.Workers;

namespace Dpark.Caching;

/// <summary>The levels of a cache beside memory alone: encoded, on disk, and from one to the other.</summary>
public sealed class StorageLevelTests : IDisposable
{
    private const int BatchBytes = 24 + (1000 * sizeof(long));

    private static readonly AppId App = new("app-1");
    // Far apart, so that they take 8 bytes each where they are encoded.
    private static readonly long[] Elements = [.. Enumerable.Range(0, 3000).Select(i => (long)i << 32)];
    private static readonly long[][] Batches = [.. Elements.Chunk(1000)];

    private readonly InlineRddContext _driver = new();
    private readonly TemporaryDirectory _directory = new();
    private readonly List<CacheChange> _changes = [];
    private readonly List<string> _warnings = [];
    private int _computed;

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(StorageLevel.None, 0)]
    [InlineData(StorageLevel.Memory, 1)]
    [InlineData(StorageLevel.Serialized, 2)]
    [InlineData(StorageLevel.Disk, 3)]
    [InlineData(StorageLevel.MemoryAndDisk, 4)]
    [InlineData(StorageLevel.SerializedAndDisk, 5)]
    [InlineData(StorageLevel.MemoryTwice, 9)]
    [InlineData(StorageLevel.SerializedTwice, 10)]
    [InlineData(StorageLevel.DiskTwice, 11)]
    [InlineData(StorageLevel.MemoryAndDiskTwice, 12)]
    [InlineData(StorageLevel.SerializedAndDiskTwice, 13)]
    public void StorageLevel_Number_NeverChanges(StorageLevel level, int number) => Assert.Equal(number, (int)level);

    [Theory]
    [InlineData(StorageLevel.Memory, false)]
    [InlineData(StorageLevel.Serialized, false)]
    [InlineData(StorageLevel.Disk, true)]
    [InlineData(StorageLevel.MemoryAndDisk, false)]
    [InlineData(StorageLevel.SerializedAndDisk, false)]
    public void GetOrCompute_Fits_IsKeptWhereTheLevelSays(StorageLevel level, bool isOnDisk)
    {
        var cache = NewCache(1 << 20);
        var rdd = NewRdd(level);

        var first = Read(cache, rdd, 0);
        var second = Read(cache, rdd, 0);

        Assert.Equal(Elements, first);
        Assert.Equal(first, second);
        Assert.Equal(1, _computed);
        var kept = Assert.Single(cache.List(App));
        Assert.Equal((level, isOnDisk, 3000L), (kept.Level, kept.IsOnDisk, kept.RecordCount));
        Assert.Equal(isOnDisk ? 0 : kept.Bytes, cache.Bytes);
        Assert.Equal(isOnDisk ? 1 : 0, Files().Length);
        Assert.Equal([new CacheChange(App, rdd.Id, 0, kept)], _changes);
    }

    [Theory]
    [InlineData(StorageLevel.Memory, false)]
    [InlineData(StorageLevel.Serialized, false)]
    [InlineData(StorageLevel.MemoryAndDisk, true)]
    [InlineData(StorageLevel.SerializedAndDisk, true)]
    public void GetOrCompute_DoesNotFit_GoesToDiskOrIsComputedAgain(StorageLevel level, bool goesToDisk)
    {
        var cache = NewCache(100);
        var rdd = NewRdd(level);

        var first = Read(cache, rdd, 0);
        var second = Read(cache, rdd, 0);

        Assert.Equal(Elements, first);
        Assert.Equal(first, second);
        Assert.Equal(goesToDisk ? 1 : 2, _computed);
        Assert.Equal(0, cache.Bytes);
        Assert.Equal(goesToDisk ? 1 : 0, cache.List(App).Length);
        Assert.Equal(goesToDisk ? 1 : 0, Files().Length);
    }

    [Theory]
    [InlineData(StorageLevel.MemoryAndDisk)]
    [InlineData(StorageLevel.SerializedAndDisk)]
    public void GetOrCompute_MemoryIsNeeded_MovesToDiskAndStaysReadable(StorageLevel level)
    {
        var cache = NewCache(4 * BatchBytes);
        var moved = NewRdd(level);
        var newer = NewRdd(StorageLevel.Memory);
        using var reader = cache.GetOrCompute(moved, new Partition(0), NewContext(), Compute);
        var firstCount = reader.Next().Length;

        Read(cache, newer, 0);

        Assert.Equal(3000 - firstCount, Drain(reader).Count);
        Assert.Equal(Elements, Read(cache, moved, 0));
        Assert.Equal(2, _computed);
        Assert.Equal([(moved.Id, true), (newer.Id, false)], cache.List(App).Select(kept => (kept.Rdd, kept.IsOnDisk)).OrderBy(kept => kept.Item1.Value));
        Assert.Equal(3 * BatchBytes, cache.Bytes);
        Assert.DoesNotContain(_changes, change => change.Kept is null);
    }

    [Fact]
    public void DropRdd_OnDisk_DeletesTheFileAndTellsIt()
    {
        var cache = NewCache(0);
        var rdd = NewRdd(StorageLevel.Disk);
        Read(cache, rdd, 0);

        cache.DropRdd(App, rdd.Id);

        Assert.Empty(Files());
        Assert.Empty(cache.List(App));
        Assert.Null(_changes[^1].Kept);
        Read(cache, rdd, 0);
        Assert.Equal(2, _computed);
    }

    [Theory]
    [InlineData(StorageLevel.Memory)]
    [InlineData(StorageLevel.Disk)]
    public void DropRdd_WhileItIsComputed_IsNotKept(StorageLevel level)
    {
        var cache = NewCache(1 << 20);
        var rdd = NewRdd(level);

        var read = Read(cache, rdd, 0, () =>
        {
            cache.DropRdd(App, rdd.Id);
            return Compute();
        });

        Assert.Equal(3000, read.Count);
        Assert.Empty(cache.List(App));
        Assert.Equal(0, cache.Bytes);
        Assert.Empty(Files());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(9_000)]
    [InlineData(-1)]
    public void GetOrCompute_BitFlippedOnDisk_ComputesAgain(int offset)
    {
        var cache = NewCache(0);
        var rdd = NewRdd(StorageLevel.Disk);
        var first = Read(cache, rdd, 0);
        var file = Assert.Single(Files());
        var bytes = File.ReadAllBytes(file);
        bytes[offset < 0 ? bytes.Length + offset : offset] ^= 0x10;
        File.WriteAllBytes(file, bytes);

        // Damage behind the first segment is found while elements are read already: that attempt fails, and the next one computes.
        List<long> second;
        try
        {
            second = Read(cache, rdd, 0);
        }
        catch (IOException)
        {
            second = Read(cache, rdd, 0);
        }

        Assert.Equal(first, second);
        Assert.Equal(2, _computed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(10_000)]
    public void GetOrCompute_FileTruncated_ComputesAgain(int length)
    {
        var cache = NewCache(0);
        var rdd = NewRdd(StorageLevel.Disk);
        var first = Read(cache, rdd, 0);
        using (var file = File.OpenWrite(Assert.Single(Files())))
        {
            file.SetLength(length);
        }

        Assert.Equal(first, Read(cache, rdd, 0));
        Assert.Equal(2, _computed);
    }

    [Fact]
    public void GetOrCompute_FileGone_ComputesAgain()
    {
        var cache = NewCache(0);
        var rdd = NewRdd(StorageLevel.Disk);
        var first = Read(cache, rdd, 0);
        Directory.Delete(_directory.Path, recursive: true);

        Assert.Equal(first, Read(cache, rdd, 0));
        Assert.Equal(2, _computed);
        Assert.Single(Files());
    }

    [Fact]
    public void GetOrCompute_DiskFails_ComputesAgainAndWarns()
    {
        var cache = new PartitionCache(new() { MaxBytes = 0 }, new FullStore(), _changes.Add);
        var rdd = NewRdd(StorageLevel.MemoryAndDisk);

        var read = Read(cache, rdd, 0);

        Assert.Equal(Elements, read);
        Assert.Equal(2, _computed);
        Assert.Empty(cache.List(App));
        Assert.Contains("no space", Assert.Single(_warnings));
    }

    [Fact]
    public void GetOrCompute_DiskFailsWhenMemoryIsNeeded_DropsThePartition()
    {
        var cache = new PartitionCache(new() { MaxBytes = 4 * BatchBytes }, new FullStore(), _changes.Add);
        var dropped = NewRdd(StorageLevel.MemoryAndDisk);
        var newer = NewRdd(StorageLevel.Memory);
        Read(cache, dropped, 0);

        Read(cache, newer, 0);

        Assert.Equal(newer.Id, Assert.Single(cache.List(App)).Rdd);
        Assert.Equal(3 * BatchBytes, cache.Bytes);
        Assert.Contains(new CacheChange(App, dropped.Id, 0, null), _changes);
    }

    [Theory]
    [InlineData(StorageLevel.Serialized)]
    [InlineData(StorageLevel.Disk)]
    public void GetOrCompute_UserCodeThrowsIOException_ReachesTheTask(StorageLevel level)
    {
        var cache = NewCache(1 << 20);
        var rdd = NewRdd(level);

        Assert.Throws<EndOfStreamException>(() => Read(cache, rdd, 0, () => new FailingReader()));

        Assert.Equal(3000, Read(cache, rdd, 0).Count);
        Assert.Single(cache.List(App));
    }

    [Fact]
    public void GetOrCompute_EmptyPartition_IsKept()
    {
        var cache = NewCache(0);
        var rdd = NewRdd(StorageLevel.Disk);

        Assert.Empty(Read(cache, rdd, 0, () => new BatchListReader<long>([])));
        Assert.Empty(Read(cache, rdd, 0));

        Assert.Equal(0, _computed);
    }

    [Fact]
    public void GetOrCompute_ManySegments_AreReadInOrder()
    {
        var cache = NewCache(0);
        var texts = _driver.Parallelize([""], 1).Persist(StorageLevel.Disk);
        var batches = Enumerable.Range(0, 40).Select(batch => Enumerable.Range(0, 100).Select(i => new string((char)('a' + (batch % 26)), 1000) + i).ToArray()).ToList();

        var first = Read(cache, texts, 0, () => new BatchListReader<string>(batches));
        var second = Read(cache, texts, 0, () => throw new InvalidOperationException());

        Assert.Equal(batches.SelectMany(batch => batch), first);
        Assert.Equal(first, second);
        Assert.InRange(cache.List(App)[0].Bytes, 4_000_000, 4_200_000);
    }

    [Fact]
    public void Persist_ElementsCannotBeEncoded_IsRefusedIfTheLevelNeedsIt()
    {
        var actions = _driver.Parallelize([0], 1).Map(_ => new Action(() => { }));

        Assert.Throws<UnsupportedRecordTypeException>(() => actions.Persist(StorageLevel.Disk));
        Assert.Equal(StorageLevel.Memory, actions.Persist(StorageLevel.Memory).StorageLevel);
    }

    [Fact]
    public void Persist_UnknownLevel_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _driver.Parallelize([0], 1).Persist((StorageLevel)77));

    private static List<T> Drain<T>(BatchReader<T> reader)
    {
        var elements = new List<T>();
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            elements.AddRange(batch);
        }

        return elements;
    }

    private string[] Files() =>
        Directory.Exists(_directory.Path) ? Directory.GetFiles(_directory.Path, "*.temp", SearchOption.AllDirectories) : [];

    private PartitionCache NewCache(long maxBytes) => new(new() { MaxBytes = maxBytes }, new DiskBlockStore([_directory.Path]), _changes.Add);

    private Rdd<long> NewRdd(StorageLevel level) => _driver.Parallelize([0L], 1).Persist(level);

    private BatchReader<long> Compute()
    {
        _computed++;
        return new BatchListReader<long>([.. Batches]);
    }

    private List<long> Read(PartitionCache cache, Rdd<long> rdd, int partition) => Read(cache, rdd, partition, Compute);

    private List<T> Read<T>(PartitionCache cache, Rdd<T> rdd, int partition, Func<BatchReader<T>> compute)
    {
        var context = NewContext();
        using var reader = cache.GetOrCompute(rdd, new Partition(partition), context, compute);
        var elements = Drain(reader);
        _warnings.AddRange(context.Warnings);
        return elements;
    }

    private static TaskContext NewContext() => new()
    {
        Attempt = new TaskAttemptId(App, 0, 0, 0, 0),
        Worker = new WorkerId("worker"),
        CancellationToken = CancellationToken.None,
        Shuffle = new InMemoryShuffleStore(),
        Cache = new InMemoryPartitionCache(),
        Broadcasts = new NoBroadcasts(),
    };

    private sealed class FailingReader : BatchReader<long>
    {
        private int _calls;

        public override ReadOnlySpan<long> Next() => _calls++ == 0 ? new long[10] : throw new EndOfStreamException();
    }

    /// <summary>Reads a little and has no room for more.</summary>
    private sealed class FullStore : IBlockStore
    {
        public void Put(BlockId block, ReadOnlyMemory<byte> bytes) => throw new IOException("There is no space.");

        public void Put(BlockId block, Stream source)
        {
            source.ReadExactly(new byte[100]);
            throw new IOException("There is no space.");
        }

        public long? TryGetLength(BlockId block) => null;

        public Stream? TryOpen(BlockId block) => null;

        public bool Delete(BlockId block) => false;

        public void DeleteApplication(AppId application)
        {
        }
    }
}
