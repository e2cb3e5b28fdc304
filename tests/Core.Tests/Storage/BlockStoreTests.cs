using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Memory;

namespace Dpark.Storage;

/// <summary>What every block store does.</summary>
public abstract class BlockStoreTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpark-blocks-");

    private protected static readonly AppId App = new("app-1");
    private protected static readonly AppId OtherApp = new("app-2");

    private protected string Root => _directory.FullName;

    private protected abstract IBlockStore Store { get; }

    public void Dispose()
    {
        _directory.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public void Put_Bytes_CanBeRead()
    {
        Store.Put(Block("a"), new byte[] { 1, 2, 3 });

        Assert.Equal(3, Store.TryGetLength(Block("a")));
        Assert.Equal([1, 2, 3], Read(Block("a")));
    }

    [Fact]
    public void Put_NoBytes_IsThere()
    {
        Store.Put(Block("a"), ReadOnlyMemory<byte>.Empty);

        Assert.Equal(0, Store.TryGetLength(Block("a")));
        Assert.Empty(Read(Block("a"))!);
    }

    [Fact]
    public void Put_Stream_CanBeRead()
    {
        var bytes = new byte[1_000_000];
        new Random(1).NextBytes(bytes);

        Store.Put(Block("a"), new MemoryStream(bytes));
        Store.Put(Block("b"), new UnseekableStream(bytes, failAfter: int.MaxValue));

        Assert.Equal(bytes, Read(Block("a")));
        Assert.Equal(bytes, Read(Block("b")));
    }

    [Fact]
    public void Put_StreamFails_NothingIsStored()
    {
        Assert.Throws<IOException>(() => Store.Put(Block("a"), new UnseekableStream(new byte[100_000], failAfter: 5000)));

        Assert.Null(Store.TryGetLength(Block("a")));
        Assert.Empty(Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Put_Again_ReplacesAndReadersGoOn()
    {
        Store.Put(Block("a"), new byte[] { 1, 2, 3 });
        using var reader = Store.TryOpen(Block("a"))!;

        Store.Put(Block("a"), new byte[] { 9 });

        Assert.Equal([9], Read(Block("a")));
        Assert.Equal(1, reader.ReadByte());
    }

    [Fact]
    public void TryOpen_Absent_IsNull()
    {
        Assert.Null(Store.TryOpen(Block("a")));
        Assert.Null(Store.TryGetLength(Block("a")));
        Assert.False(Store.Delete(Block("a")));
    }

    [Fact]
    public void TryOpen_Seek_ReadsFromThere()
    {
        Store.Put(Block("a"), new byte[] { 1, 2, 3, 4 });
        using var reader = Store.TryOpen(Block("a"))!;

        reader.Seek(2, SeekOrigin.Begin);

        Assert.Equal(3, reader.ReadByte());
        Assert.Equal(4, reader.Length);
    }

    [Fact]
    public void Delete_WhileReading_ReaderGoesOn()
    {
        Store.Put(Block("a"), new byte[] { 1, 2, 3 });
        using var reader = Store.TryOpen(Block("a"))!;

        Assert.True(Store.Delete(Block("a")));

        Assert.Null(Store.TryOpen(Block("a")));
        Assert.Equal(1, reader.ReadByte());
    }

    [Fact]
    public void DeleteApplication_OthersStay()
    {
        Store.Put(Block("a"), new byte[] { 1 });
        Store.Put(new BlockId(OtherApp, "a"), new byte[] { 2 });

        Store.DeleteApplication(App);

        Assert.Null(Store.TryOpen(Block("a")));
        Assert.Equal([2], Read(new BlockId(OtherApp, "a")));
    }

    [Theory]
    [InlineData("../escape")]
    [InlineData(".")]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("a\0b")]
    public void Put_NameThatIsAPath_IsRefused(string name)
    {
        Assert.Throws<ArgumentException>(() => Store.Put(Block(name), new byte[] { 1 }));
        Assert.Throws<ArgumentException>(() => Store.Put(new BlockId(new AppId(name), "a"), new byte[] { 1 }));
    }

    private protected static BlockId Block(string name) => new(App, name);

    private protected byte[]? Read(BlockId block)
    {
        using var stream = Store.TryOpen(block);
        if (stream is null)
        {
            return null;
        }

        var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private sealed class UnseekableStream(byte[] bytes, int failAfter) : ReadOnlyStream
    {
        private int _position;

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = Math.Min(Math.Min(count, 4096), bytes.Length - _position);
            bytes.AsSpan(_position, read).CopyTo(buffer.AsSpan(offset));
            _position += read;
            return _position > failAfter ? throw new IOException("The source failed.") : read;
        }
    }
}

public sealed class DiskBlockStoreTests : BlockStoreTests
{
    private readonly DiskBlockStore _store;

    public DiskBlockStoreTests() => _store = new DiskBlockStore([Path.Combine(Root, "one"), Path.Combine(Root, "two")]);

    private protected override IBlockStore Store => _store;

    [Fact]
    public void Put_ManyBlocks_UsesEveryDirectory()
    {
        for (var i = 0; i < 4; i++)
        {
            Store.Put(Block($"{i}"), new byte[] { 1 });
        }

        Assert.Equal(2, Directory.GetFiles(Path.Combine(Root, "one"), "*", SearchOption.AllDirectories).Length);
        Assert.Equal(2, Directory.GetFiles(Path.Combine(Root, "two"), "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public void Put_OneDirectoryUnusable_UsesTheOther()
    {
        File.WriteAllText(Path.Combine(Root, "one"), "a file where the directory should be");

        for (var i = 0; i < 4; i++)
        {
            Store.Put(Block($"{i}"), new byte[] { 1 });
        }

        Assert.Equal([1], Read(Block("3")));
    }

    [Fact]
    public void Put_NoDirectoryUsable_NamesEach()
    {
        File.WriteAllText(Path.Combine(Root, "one"), "");
        File.WriteAllText(Path.Combine(Root, "two"), "");

        var error = Assert.Throws<IOException>(() => Store.Put(Block("a"), new byte[] { 1 }));

        Assert.Contains(Path.Combine(Root, "one"), error.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(Root, "two"), error.Message, StringComparison.Ordinal);
        Assert.Contains("app-1/a", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DeleteApplication_LatePut_LeavesNoFile()
    {
        Store.Put(Block("a"), new byte[] { 1 });
        Store.DeleteApplication(App);

        Assert.Throws<IOException>(() => Store.Put(Block("b"), new byte[] { 1 }));

        Assert.Empty(Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65_536)]
    [InlineData(199_999)]
    public void Read_BitFlipped_FailsBeforeItAndTheBlockIsGone(int offset)
    {
        Store.Put(Block("a"), NewBytes(200_000));
        var path = Directory.GetFiles(Root, "*", SearchOption.AllDirectories).Single();
        var bytes = File.ReadAllBytes(path);
        bytes[offset] ^= 0x40;
        File.WriteAllBytes(path, bytes);
        using var reader = Store.TryOpen(Block("a"))!;
        var read = new MemoryStream();

        var failure = Assert.Throws<IOException>(() => reader.CopyTo(read));

        Assert.Contains("damaged", failure.Message, StringComparison.Ordinal);
        Assert.Equal(NewBytes(200_000)[..(offset / 65_536 * 65_536)], read.ToArray());
        Assert.Null(Store.TryOpen(Block("a")));
        Assert.Empty(Directory.EnumerateFiles(Root, "*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(70_000)]
    [InlineData(199_999)]
    public void Read_FileTruncated_FailsAndTheBlockIsGone(int length)
    {
        Store.Put(Block("a"), new MemoryStream(NewBytes(200_000)));
        using (var file = File.OpenWrite(Directory.GetFiles(Root, "*", SearchOption.AllDirectories).Single()))
        {
            file.SetLength(length);
        }

        using var reader = Store.TryOpen(Block("a"))!;

        Assert.Throws<IOException>(() => reader.CopyTo(Stream.Null));
        Assert.Null(Store.TryGetLength(Block("a")));
    }

    [Fact]
    public void Put_QuotaOfOneRootUsedUp_TakesTheNextAndDeletingGivesBack()
    {
        var quota = new DiskQuota(1000);
        string[] roots = [Path.Combine(Root, "one"), Path.Combine(Root, "two")];
        var store = new DiskBlockStore(roots, quota);
        for (var i = 0; i < 3; i++)
        {
            store.Put(Block($"{i}"), new byte[600].AsMemory(0, i == 2 ? 400 : 600));
        }

        var failure = Assert.Throws<IOException>(() => store.Put(Block("3"), new MemoryStream(new byte[500])));

        Assert.Contains("MaxBytesPerRoot", failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, Directory.GetFiles(Root, "*", SearchOption.AllDirectories).Length);
        Assert.Equal(1600, roots.Sum(quota.UsedBytes));
        Assert.True(store.Delete(Block("0")));
        store.Put(Block("3"), new MemoryStream(new byte[500]));
        store.DeleteApplication(App);
        Assert.Equal(0, roots.Sum(quota.UsedBytes));
    }

    [Fact]
    public void Put_DirectoryRemovedUnderTheWorker_IsWrittenAgain()
    {
        Store.Put(Block("a"), new byte[] { 1 });
        Store.Put(Block("b"), new byte[] { 1 });
        Directory.Delete(Path.Combine(Root, "one"), recursive: true);

        for (var i = 0; i < 4; i++)
        {
            Store.Put(Block($"{i}"), new byte[] { 1 });
        }

        Assert.Single(new[] { "a", "b" }, name => Store.TryOpen(Block(name)) is null);
        Assert.Equal([1], Read(Block("3")));
    }

    [Fact]
    public void TryOpen_FileGone_IsAbsent()
    {
        Store.Put(Block("a"), new byte[] { 1 });
        File.Delete(Directory.GetFiles(Root, "*", SearchOption.AllDirectories).Single());

        Assert.Null(Store.TryOpen(Block("a")));
        Assert.Null(Store.TryGetLength(Block("a")));
    }

    private static byte[] NewBytes(int count)
    {
        var bytes = new byte[count];
        new Random(7).NextBytes(bytes);
        return bytes;
    }
}

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
