using Dpark.Rdds;
using Dpark.Shuffle;
using Dpark.Tasks;
using static Dpark.Memory.MemoryRig;

namespace Dpark.Memory;

/// <summary>What stores hold of a worker's memory beside tasks and cached partitions, and when they give it up.</summary>
public sealed class MemoryHolderTests
{
    private const long Mebi = 1 << 20;

    private static TaskMemory? s_task;
    private static long s_seenBytes;

    private readonly WorkerMemory _memory = NewMemory(64 * Mebi);
    private readonly List<string> _asked = [];
    private long _spareBytes;

    [Fact]
    public void TryTake_MoreThanIsFree_IsRefusedAndNobodyIsAsked()
    {
        var blocks = AddHolder("blocks");
        var outputs = AddHolder("map outputs");
        using var task = _memory.Open(Attempt(0));
        task.Claim("a table").Hold(40 * Mebi);

        Assert.False(blocks.TryTake(_memory.BudgetBytes - _memory.Used.TaskBytes + 1));
        Assert.True(blocks.TryTake(10 * Mebi));
        Assert.False(outputs.TryTake(_memory.BudgetBytes - _memory.Used.TaskBytes - (10 * Mebi) + 1));
        blocks.Return(10 * Mebi);

        Assert.True(outputs.TryTake(_memory.BudgetBytes - _memory.Used.TaskBytes));
        Assert.Empty(_asked);
    }

    [Fact]
    public void TryHold_StoresAndCacheHaveMemory_StoresGiveItUpInTheirOrderBeforeTheCache()
    {
        _memory.SetEvictor(bytes => GiveUp("cache", bytes, _memory.ReturnFromCache));
        var outputs = AddHolder("map outputs");
        var blocks = AddHolder("blocks");
        Assert.True(_memory.TryTakeForCache(40 * Mebi));
        Assert.True(outputs.TryTake(10 * Mebi));
        Assert.True(blocks.TryTake(10 * Mebi));
        using var task = _memory.Open(Attempt(0));
        using var table = task.Claim("a table");

        Assert.True(table.TryHold(8 * Mebi, 8 * Mebi));
        Assert.True(table.TryHold(20 * Mebi, 20 * Mebi));
        Assert.True(table.TryHold(24 * Mebi, 24 * Mebi));

        Assert.Equal(["map outputs 4194304", "map outputs 12582912", "blocks 6291456", "blocks 4194304"], _asked);
        Assert.Equal((40 * Mebi, 24 * Mebi, 0), (_memory.Used.CacheBytes, _memory.Used.TaskBytes, _memory.StoreBytes));
    }

    [Fact]
    public void TryHold_StoresCannotGiveEnough_CacheGivesTheRest()
    {
        _memory.SetEvictor(bytes => GiveUp("cache", bytes, _memory.ReturnFromCache));
        var outputs = AddHolder("map outputs");
        Assert.True(_memory.TryTakeForCache(58 * Mebi));
        Assert.True(outputs.TryTake(6 * Mebi));
        using var task = _memory.Open(Attempt(0));
        using var table = task.Claim("a table");

        Assert.True(table.TryHold(16 * Mebi, 16 * Mebi));

        Assert.Equal(["map outputs 16777216", "cache 10485760"], _asked);
    }

    [Fact]
    public void TryHold_SparePages_AreDroppedFirstAndForCacheAndStoresToo()
    {
        CountSpare(20 * Mebi);
        var blocks = AddHolder("blocks");
        Assert.True(blocks.TryTake(40 * Mebi));
        using var task = _memory.Open(Attempt(0));
        using var table = task.Claim("a table");

        Assert.True(table.TryHold(8 * Mebi, 8 * Mebi));
        Assert.Equal(16 * Mebi, _spareBytes);
        Assert.True(blocks.TryTake(2 * Mebi));
        Assert.Equal(14 * Mebi, _spareBytes);
        Assert.Equal(Mebi, _memory.MissingForCache(15 * Mebi));
        Assert.Equal(0, _spareBytes);
        Assert.True(_memory.TryTakeForCache(14 * Mebi));

        Assert.Empty(_asked);
    }

    [Fact]
    public async Task TryHold_OtherLeavesItsTableAsSparePages_WaitingTaskGetsThem()
    {
        var memory = NewMemory(64 * Mebi, TimeSpan.FromMinutes(10));
        memory.CountSpare(() => Volatile.Read(ref _spareBytes), wanted =>
        {
            var dropped = Math.Min(wanted, _spareBytes);
            _spareBytes -= dropped;
            return dropped;
        });
        using var greedy = memory.Open(Attempt(0));
        using var table = greedy.Claim("a table");
        using var other = greedy.Claim("another one");
        table.HoldAnyway(52 * Mebi);
        other.HoldAnyway(12 * Mebi);
        using var late = memory.Open(Attempt(1));
        using var wanted = late.Claim("a buffer");

        var asked = Task.Factory.StartNew(() => wanted.TryHold(12 * Mebi), TaskCreationOptions.LongRunning);
        Assert.True(SpinWait.SpinUntil(() => memory.IsWaitedFor, TimeSpan.FromMinutes(1)));
        Volatile.Write(ref _spareBytes, 52 * Mebi);
        table.Release();

        Assert.True(await asked.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.InRange(_spareBytes, 1, 40 * Mebi);
    }

    [Fact]
    public void Settle_MoreIsTakenThanThereIs_OthersGiveItUp()
    {
        var outputs = AddHolder("map outputs");
        var values = AddHolder("broadcast values");
        Assert.True(outputs.TryTake(60 * Mebi));

        values.Take(14 * Mebi);
        Assert.Empty(_asked);
        values.Settle();

        Assert.Equal(["map outputs 10485760"], _asked);
        Assert.Equal(64 * Mebi, _memory.StoreBytes);
    }

    [Fact]
    public void HoldAnyway_MoreThanThereIs_IsCountedAndOthersGiveUp()
    {
        var blocks = AddHolder("blocks");
        Assert.True(blocks.TryTake(50 * Mebi));
        using (var task = _memory.Open(Attempt(0)))
        {
            using var result = task.Claim("its result");
            result.HoldAnyway(100 * Mebi);

            Assert.Equal(100 * Mebi, task.HeldBytes);
            Assert.Equal(["blocks 52428800"], _asked);
            Assert.False(_memory.HasRoom(0));
            Assert.False(blocks.TryTake(1));
        }

        Assert.True(_memory.HasRoom(64 * Mebi));
        Assert.False(_memory.HasRoom((64 * Mebi) + 1));
    }

    [Fact]
    public void Hold_Refused_NamesAllHolders()
    {
        CountSpare(0);
        AddHolder("map outputs").Take(3 * Mebi);
        _memory.AddHolder("results that drivers have not collected", giveUp: null).Take(40 * Mebi);
        _memory.AddHolder("broadcast values", static _ => 0).Take(20 * Mebi);
        CountSpare(Mebi, mayDrop: false);
        using var task = _memory.Open(Attempt(0));

        var failure = Assert.Throws<MemoryExhaustedException>(() => task.Claim("the left side of a join").Hold(40 * Mebi));

        Assert.Contains(
            "It is held by: results that drivers have not collected 40 MiB, broadcast values 20 MiB, pages for the next tables 1 MiB, cache 0 bytes. ",
            failure.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void ResultProgram_LargeResult_CountsForItsTaskUntilItIsDone()
    {
        using var rig = new ShuffleRig();
        using var task = _memory.Open(Attempt(0));
        s_task = task;
        var rdd = new TestKit.Rdds.InlineRddContext().Range(0, 3_000_000, 1).Map(n => Note((long)n << 32));

        var output = (ResultOutput)new ResultProgram<long>(rdd).Run(rdd.Partitions[0], NewContext(rig, task));

        Assert.InRange(s_seenBytes, 7L * 3_000_000, 2 * 8L * 3_000_000);
        Assert.Equal(3_000_000, output.RecordCount);
        Assert.Equal(0, task.HeldBytes);
    }

    private static long Note(long n)
    {
        s_seenBytes = s_task!.HeldBytes;
        return n;
    }

    private MemoryHolder AddHolder(string name)
    {
        MemoryHolder? holder = null;
        return holder = _memory.AddHolder(name, bytes => GiveUp(name, Math.Min(bytes, holder!.HeldBytes), holder.Return, bytes));
    }

    private long GiveUp(string name, long bytes, Action<long> give, long? asked = null)
    {
        if (bytes > 0)
        {
            _asked.Add($"{name} {asked ?? bytes}");
            give(bytes);
        }

        return bytes;
    }

    private void CountSpare(long bytes, bool mayDrop = true)
    {
        _spareBytes = bytes;
        _memory.CountSpare(() => _spareBytes, wanted =>
        {
            var dropped = mayDrop ? Math.Min(wanted, _spareBytes) : 0;
            _spareBytes -= dropped;
            return dropped;
        });
    }

    private static TaskContext NewContext(ShuffleRig rig, TaskMemory memory) => new()
    {
        Attempt = memory.Attempt,
        Worker = ShuffleRig.Worker,
        CancellationToken = CancellationToken.None,
        Shuffle = rig.Store,
        Cache = new TestKit.Rdds.InMemoryPartitionCache(),
        Broadcasts = new TestKit.Rdds.NoBroadcasts(),
        Memory = memory,
    };
}
