using Dpark.Applications;

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

    private sealed class UnseekableStream(byte[] bytes, int failAfter) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            var read = Math.Min(Math.Min(count, 4096), bytes.Length - _position);
            bytes.AsSpan(_position, read).CopyTo(buffer.AsSpan(offset));
            _position += read;
            return _position > failAfter ? throw new IOException("The source failed.") : read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
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

    [Fact]
    public void TryOpen_FileGone_IsAbsent()
    {
        Store.Put(Block("a"), new byte[] { 1 });
        File.Delete(Directory.GetFiles(Root, "*", SearchOption.AllDirectories).Single());

        Assert.Null(Store.TryOpen(Block("a")));
        Assert.Null(Store.TryGetLength(Block("a")));
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
