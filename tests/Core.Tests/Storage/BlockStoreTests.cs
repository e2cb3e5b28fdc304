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
