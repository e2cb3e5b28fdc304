using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Memory;

namespace Dpark.Storage;

public sealed class MemoryBlockStoreTests : BlockStoreTests
{
    private readonly MemoryBlockStore _store = new(long.MaxValue);

    private protected override IBlockStore Store => _store;

    [Fact]
    public void Put_BeyondTheLimit_IsRefused()
    {
        var store = new MemoryBlockStore(10);
        store.Put(Block("a"), new byte[8]);

        Assert.Throws<IOException>(() => store.Put(Block("b"), new byte[3]));
        store.Put(Block("a"), new byte[10]);

        Assert.Equal(10, store.Bytes);
    }
}

public sealed class OverflowingBlockStoreTests : BlockStoreTests
{
    private readonly MemoryBlockStore _store;

    public OverflowingBlockStoreTests() => _store = new MemoryBlockStore(3, new DiskBlockStore([Root]));

    private protected override IBlockStore Store => _store;

    [Fact]
    public void Put_BeyondTheLimit_GoesToTheOtherStore()
    {
        Store.Put(Block("a"), new byte[3]);
        Store.Put(Block("b"), new byte[3]);

        Assert.Equal(3, _store.Bytes);
        Assert.Single(Directory.GetFiles(Root, "*", SearchOption.AllDirectories));
        Assert.Equal(new byte[3], Read(Block("b")));
    }
}

/// <summary>Blocks in memory that tasks need for themselves.</summary>
public sealed class SharedMemoryBlockStoreTests : BlockStoreTests
{
    private readonly WorkerMemory _memory = new(new MemoryOptions { BudgetBytes = 1 << 20, WaitLimit = TimeSpan.Zero });
    private readonly GatedStore _overflow;
    private readonly MemoryBlockStore _store;

    public SharedMemoryBlockStoreTests()
    {
        _overflow = new GatedStore(new DiskBlockStore([Root]));
        _store = new MemoryBlockStore(1 << 20, _overflow, _memory);
    }

    private protected override IBlockStore Store => _store;

    [Fact]
    public void Put_TasksHaveTheMemory_GoesToTheOtherStore()
    {
        using var task = _memory.Open(default);
        task.Claim("a table").HoldAnyway(1 << 20);

        Store.Put(Block("a"), new byte[3]);

        Assert.Equal((0, 0), (_store.Bytes, _memory.StoreBytes));
        Assert.Equal(new byte[3], Read(Block("a")));
        Assert.Equal(["a"], _overflow.Written);
    }

    [Fact]
    public void TryHold_BlocksHaveTheMemory_OldestAreMovedAndCanStillBeRead()
    {
        foreach (var name in new[] { "a", "b", "c", "d" })
        {
            Store.Put(Block(name), Filled(name[0], 250_000));
        }

        using var task = _memory.Open(default);
        using var table = task.Claim("a table");
        Assert.True(table.TryHold(300_000, 300_000));

        Assert.Equal(["a", "b"], _overflow.Written);
        Assert.Equal((500_000, 500_000), (_store.Bytes, _memory.StoreBytes));
        Assert.All(["a", "b", "c", "d"], name => Assert.Equal(Filled(name[0], 250_000), Read(Block(name))));
        Store.DeleteApplication(App);
        Assert.Equal((0, 0), (_store.Bytes, _memory.StoreBytes));
    }

    [Fact]
    public void TryHold_NoDiskHasRoom_IsRefusedAndBlocksStay()
    {
        Store.Put(Block("a"), Filled('a', 1_000_000));
        _overflow.Failure = new IOException("There is no space.");
        using var task = _memory.Open(default);
        using var table = task.Claim("a table");

        Assert.False(table.TryHold(300_000, 300_000));

        Assert.Equal(Filled('a', 1_000_000), Read(Block("a")));
        Assert.Equal(1_000_000, _memory.StoreBytes);
        _overflow.Failure = null;
        Assert.True(table.TryHold(300_000, 300_000));
        Assert.Equal(Filled('a', 1_000_000), Read(Block("a")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Put_OldBlockOfTheNameIsBeingMoved_NewOneIsReadAfterwards(bool isTooLargeForMemory)
    {
        Store.Put(Block("a"), Filled('a', 1_000_000));
        _overflow.Hold();
        using var task = _memory.Open(default);
        using var table = task.Claim("a table");
        var held = Task.Factory.StartNew(() => table.TryHold(300_000, 300_000), TaskCreationOptions.LongRunning);
        await _overflow.Reached.WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(Filled('a', 1_000_000), Read(Block("a")));
        var put = Task.Factory.StartNew(() => Store.Put(Block("a"), Filled('b', isTooLargeForMemory ? 1_100_000 : 10)), TaskCreationOptions.LongRunning);
        if (!isTooLargeForMemory)
        {
            await put.WaitAsync(TimeSpan.FromMinutes(1));
        }

        _overflow.Go();
        await Task.WhenAll(held, put).WaitAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(Filled('b', isTooLargeForMemory ? 1_100_000 : 10), Read(Block("a")));
        Assert.True(Store.Delete(Block("a")));
        Assert.Null(Read(Block("a")));
        Assert.Equal(0, _memory.StoreBytes);
    }

    [Fact]
    public async Task Delete_BlockIsBeingMoved_LeavesNothing()
    {
        Store.Put(Block("a"), Filled('a', 1_000_000));
        _overflow.Hold();
        using var task = _memory.Open(default);
        using var table = task.Claim("a table");
        var held = Task.Factory.StartNew(() => table.TryHold(300_000, 300_000), TaskCreationOptions.LongRunning);
        await _overflow.Reached.WaitAsync(TimeSpan.FromMinutes(1));

        Assert.True(Store.Delete(Block("a")));
        _overflow.Go();

        Assert.True(await held.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Null(Read(Block("a")));
        Assert.Empty(Directory.GetFiles(Root, "*", SearchOption.AllDirectories));
        Assert.Equal(0, _memory.StoreBytes);
    }

    private static byte[] Filled(char value, int count)
    {
        var bytes = new byte[count];
        Array.Fill(bytes, (byte)value);
        return bytes;
    }

    /// <summary>A store on disk whose writes fail, or wait, when a test says so.</summary>
    private sealed class GatedStore(IBlockStore store) : IBlockStore
    {
        private readonly object _gate = new();
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private bool _isHeld;

        public Exception? Failure { get; set; }

        public List<string> Written { get; } = [];

        public Task Reached => _reached.Task;

        public void Hold() => _isHeld = true;

        public void Go()
        {
            lock (_gate)
            {
                _isHeld = false;
                Monitor.PulseAll(_gate);
            }
        }

        public void Put(BlockId block, ReadOnlyMemory<byte> bytes)
        {
            Pass(block);
            store.Put(block, bytes);
        }

        public void Put(BlockId block, Stream source)
        {
            Pass(block);
            store.Put(block, source);
        }

        public long? TryGetLength(BlockId block) => store.TryGetLength(block);

        public Stream? TryOpen(BlockId block) => store.TryOpen(block);

        public bool Delete(BlockId block) => store.Delete(block);

        public void DeleteApplication(AppId application) => store.DeleteApplication(application);

        private void Pass(BlockId block)
        {
            if (Failure is not null)
            {
                throw Failure;
            }

            lock (_gate)
            {
                while (_isHeld)
                {
                    _reached.TrySetResult();
                    Assert.True(Monitor.Wait(_gate, TimeSpan.FromMinutes(1)));
                }

                Written.Add(block.Name);
            }
        }
    }
}
