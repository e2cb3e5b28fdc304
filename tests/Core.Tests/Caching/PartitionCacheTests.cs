using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.Tasks;
using Dpark.TestKit.Rdds;
using Dpark.Workers;

namespace Dpark.Caching;

public sealed class PartitionCacheTests
{
    private const int BatchBytes = 24 + (1000 * sizeof(long));

    private static readonly AppId App = new("app-1");

    private readonly InlineRddContext _driver = new();
    private int _computed;

    [Fact]
    public void GetOrCompute_Twice_ComputesOnce()
    {
        var cache = NewCache();
        var rdd = NewRdd();

        var first = Read(cache, rdd, 0, Numbers);
        var second = Read(cache, rdd, 0, Numbers);

        Assert.Equal(3000, first.Count);
        Assert.Equal(first, second);
        Assert.Equal(1, _computed);
        Assert.Equal(3 * BatchBytes, cache.Bytes);
        Assert.Equal([new CachedPartition(rdd.Id, 0, StorageLevel.Memory, 3 * BatchBytes, 3000)], cache.List(App));
    }

    [Fact]
    public void GetOrCompute_OtherPartitionRddOrApplication_IsAnother()
    {
        var cache = NewCache();
        var rdd = NewRdd();

        Read(cache, rdd, 0, Numbers);
        Read(cache, rdd, 1, Numbers);
        Read(cache, NewRdd(), 0, Numbers);
        Read(cache, rdd, 0, Numbers, NewContext(new AppId("app-2")));

        Assert.Equal(4, _computed);
        Assert.Equal(3, cache.List(App).Length);
    }

    [Fact]
    public void GetOrCompute_NoElements_IsKept()
    {
        var cache = NewCache();
        var rdd = NewRdd();

        Assert.Empty(Read(cache, rdd, 0, () => Count(new BatchListReader<long>([]))));
        Assert.Empty(Read(cache, rdd, 0, Numbers));

        Assert.Equal(1, _computed);
    }

    [Fact]
    public void GetOrCompute_NotRead_ComputesNothing()
    {
        var cache = NewCache();

        cache.GetOrCompute(NewRdd(), new Partition(0), NewContext(App), Numbers).Dispose();

        Assert.Equal(0, _computed);
    }

    [Fact]
    public void GetOrCompute_ReadTwiceAtOnceByOneTask_DoesNotWaitForItself()
    {
        var cache = NewCache();
        var rdd = NewRdd();
        using var first = cache.GetOrCompute(rdd, new Partition(0), NewContext(App), Numbers);
        using var second = cache.GetOrCompute(rdd, new Partition(0), NewContext(App), Numbers);

        Assert.Equal(1000, first.Next().Length);
        Assert.Equal(1000, second.Next().Length);

        Assert.Equal(1, _computed);
    }

    [Fact]
    public void GetOrCompute_DoesNotFit_PassesThroughAndKeepsNothing()
    {
        var cache = NewCache(maxBytes: (2 * BatchBytes) + 1);
        var rdd = NewRdd();

        var first = Read(cache, rdd, 0, Numbers);
        var second = Read(cache, rdd, 0, Numbers);

        Assert.Equal(3000, first.Count);
        Assert.Equal(first, second);
        Assert.Equal(2, _computed);
        Assert.Equal(0, cache.Bytes);
        Assert.Empty(cache.List(App));
    }

    [Fact]
    public void GetOrCompute_DoesNotFit_WarnsAndSaysWhatToDo()
    {
        using var rig = new CacheRig(maxBytes: 1 << 20);

        rig.Read(0, rig.NewRdd(StorageLevel.Memory));

        var warning = Assert.Single(rig.Warnings);
        Assert.StartsWith("Partitions of rdd-0 do not fit into memory with the others, and are computed again each time they are needed: a worker keeps up to 1 MiB of them (Dpark:Cache:MaxBytes)", warning, StringComparison.Ordinal);
        Assert.EndsWith("or keep what does not fit on disk (StorageLevel.MemoryAndDisk).", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void GetOrCompute_DoesNotFitButMayGoToDisk_DoesNotWarn()
    {
        using var rig = new CacheRig(maxBytes: 1 << 20);

        rig.Read(0, rig.NewRdd(StorageLevel.MemoryAndDisk));

        Assert.Empty(rig.Warnings);
    }

    [Fact]
    public void GetOrCompute_Full_DropsTheLeastRecentlyUsedOfOtherRdds()
    {
        var cache = NewCache(maxBytes: 6 * BatchBytes);
        Rdd<long>[] rdds = [NewRdd(), NewRdd(), NewRdd()];
        Read(cache, rdds[0], 0, Numbers);
        Read(cache, rdds[1], 0, Numbers);
        Read(cache, rdds[0], 0, Numbers);

        Read(cache, rdds[2], 0, Numbers);

        Assert.Equal([rdds[0].Id, rdds[2].Id], cache.List(App).Select(partition => partition.Rdd).OrderBy(id => id.Value));
        Assert.Equal(6 * BatchBytes, cache.Bytes);
    }

    [Fact]
    public void GetOrCompute_FullOfTheSameRdd_DropsNothing()
    {
        var cache = NewCache(maxBytes: 6 * BatchBytes);
        var rdd = NewRdd();

        for (var partition = 0; partition < 4; partition++)
        {
            Read(cache, rdd, partition, Numbers);
        }

        Assert.Equal([0, 1], cache.List(App).Select(partition => partition.PartitionIndex).Order());
    }

    [Fact]
    public void GetOrCompute_DroppedWhileItIsRead_ReadsOn()
    {
        var cache = NewCache();
        var rdd = NewRdd();
        using var reader = cache.GetOrCompute(rdd, new Partition(0), NewContext(App), Numbers);
        reader.Next();

        cache.DropRdd(App, rdd.Id);

        Assert.Equal(1000, reader.Next().Length);
        Assert.Equal(0, cache.Bytes);
        Read(cache, rdd, 0, Numbers);
        Assert.Equal(2, _computed);
    }

    [Fact]
    public void GetOrCompute_ComputingFails_NextOneComputes()
    {
        var cache = NewCache();
        var rdd = NewRdd();

        Assert.Throws<FormatException>(() => Read(cache, rdd, 0, () => throw new FormatException()));
        Assert.Throws<FormatException>(() => Read(cache, rdd, 0, () => new FailingReader()));

        Assert.Equal(3000, Read(cache, rdd, 0, Numbers).Count);
        Assert.Equal(3 * BatchBytes, cache.Bytes);
    }

    [Fact]
    public async Task GetOrCompute_AskedByTwoTasks_OneWaits()
    {
        var cache = NewCache();
        var rdd = NewRdd();
        using var computing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var first = OnThread(() => Read(cache, rdd, 0, () =>
        {
            computing.Set();
            goOn.Wait();
            return Numbers();
        }));
        computing.Wait();
        var second = OnThread(() => Read(cache, rdd, 0, Numbers));

        Assert.False(second.IsCompleted);
        goOn.Set();

        Assert.Equal(await first, await second);
        Assert.Equal(1, _computed);
    }

    [Fact]
    public async Task GetOrCompute_ComputingTaskIsCancelled_WaitingOneComputes()
    {
        var cache = NewCache();
        var rdd = NewRdd();
        using var cancellation = new CancellationTokenSource();
        using var computing = new ManualResetEventSlim();
        var context = NewContext(App, cancellation.Token);
        var first = OnThread(() => Read(
            cache,
            rdd,
            0,
            () =>
            {
                computing.Set();
                cancellation.Token.WaitHandle.WaitOne();
                return Numbers();
            },
            context));
        computing.Wait();
        var second = OnThread(() => Read(cache, rdd, 0, Numbers));

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.Equal(3000, (await second).Count);
    }

    [Fact]
    public async Task GetOrCompute_WaitingTaskIsCancelled_Ends()
    {
        var cache = NewCache();
        var rdd = NewRdd();
        using var cancellation = new CancellationTokenSource();
        using var computing = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var first = OnThread(() => Read(cache, rdd, 0, () =>
        {
            computing.Set();
            goOn.Wait();
            return Numbers();
        }));
        computing.Wait();
        var second = OnThread(() => Read(cache, rdd, 0, Numbers, NewContext(App, cancellation.Token)));

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        goOn.Set();
        await first;
    }

    [Fact]
    public void DropApplication_LateTask_KeepsNothing()
    {
        var cache = NewCache();
        var rdd = NewRdd();
        Read(cache, rdd, 0, Numbers);

        cache.DropApplication(App);
        Read(cache, rdd, 1, Numbers);

        Assert.Equal(0, cache.Bytes);
        Assert.Empty(cache.List(App));
    }

    [Fact]
    public void GetOrCompute_StringsAndObjects_AreMeasured()
    {
        var cache = NewCache();
        var strings = _driver.Parallelize([""], 1).Cache();
        var actions = _driver.Parallelize([0], 1).Map(_ => new Action(() => { })).Cache();

        Read(cache, strings, 0, () => new BatchListReader<string>([["a", new string('x', 1000)]]));
        var stringBytes = cache.Bytes;
        Read(cache, actions, 0, () => new BatchListReader<Action>([[() => { }]]));

        Assert.InRange(stringBytes, 2000, 2200);
        Assert.True(cache.Bytes > stringBytes);
    }

    [Fact]
    public void GetOrCompute_KeptAndDropped_TellsInOrderExceptForTheEndOfAnApplication()
    {
        List<CacheChange> changes = [];
        var cache = new PartitionCache(new() { MaxBytes = 3 * BatchBytes }, onChange: changes.Add);
        Rdd<long>[] rdds = [NewRdd(), NewRdd(), NewRdd()];

        Read(cache, rdds[0], 0, Numbers);
        Read(cache, rdds[1], 5, Numbers);
        cache.DropRdd(App, rdds[1].Id);
        Read(cache, rdds[2], 0, Numbers);
        cache.DropApplication(App);

        Assert.Equal(
            [
                new(App, rdds[0].Id, 0, new(rdds[0].Id, 0, StorageLevel.Memory, 3 * BatchBytes, 3000)),
                new(App, rdds[0].Id, 0, null),
                new(App, rdds[1].Id, 5, new(rdds[1].Id, 5, StorageLevel.Memory, 3 * BatchBytes, 3000)),
                new(App, rdds[1].Id, 5, null),
                new(App, rdds[2].Id, 0, new(rdds[2].Id, 0, StorageLevel.Memory, 3 * BatchBytes, 3000)),
            ],
            changes);
    }

    private static PartitionCache NewCache(long maxBytes = 1 << 30) => new(new CacheOptions { MaxBytes = maxBytes });

    private static TaskContext NewContext(AppId application, CancellationToken cancellationToken = default) => new()
    {
        Attempt = new TaskAttemptId(application, 0, 0, 0, 0),
        Worker = new WorkerId("worker"),
        CancellationToken = cancellationToken,
        Shuffle = new InMemoryShuffleStore(),
        Cache = new InMemoryPartitionCache(),
        Broadcasts = new NoBroadcasts(),
    };

    private static List<T> Read<T>(PartitionCache cache, Rdd<T> rdd, int partition, Func<BatchReader<T>> compute, TaskContext? context = null)
    {
        using var reader = cache.GetOrCompute(rdd, new Partition(partition), context ?? NewContext(App), compute);
        var elements = new List<T>();
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            elements.AddRange(batch);
        }

        Assert.True(reader.Next().IsEmpty);
        return elements;
    }

    private static Task<T> OnThread<T>(Func<T> run) =>
        Task.Factory.StartNew(run, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private Rdd<long> NewRdd() => _driver.Parallelize([0L], 1).Cache();

    private BatchReader<long> Numbers() => Count(new BatchListReader<long>(
        [.. Enumerable.Range(0, 3).Select(batch => Enumerable.Range(batch * 1000, 1000).Select(i => (long)i).ToArray())]));

    private BatchReader<long> Count(BatchReader<long> reader)
    {
        _computed++;
        return reader;
    }

    private sealed class FailingReader : BatchReader<long>
    {
        private int _calls;

        public override ReadOnlySpan<long> Next() => _calls++ == 0 ? new long[10] : throw new FormatException();
    }
}
