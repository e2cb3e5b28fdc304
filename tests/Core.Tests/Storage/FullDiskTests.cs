using Dpark.Applications;
using Dpark.Configuration;
using Dpark.Environments;
using Dpark.Shuffle;
using Dpark.TestKit;

namespace Dpark.Storage;

/// <summary>Disks that are really full or read-only: the next work directory is taken, and without one the error has the path and the reason.</summary>
public sealed class FullDiskTests : IDisposable
{
    private const int DiskBytes = 1 << 20;

    private static readonly AppId App = new("app-1");

    private readonly TemporaryDirectory _other = new();

    public void Dispose() => _other.Dispose();

    [MountFact]
    public void Put_DiskGetsFull_GoesToTheNextAndLeavesNothingOnTheFullOne()
    {
        using var small = new SmallFileSystem(DiskBytes);
        var store = new DiskBlockStore([small.Path, _other.Path]);
        var bytes = Bytes(700_000);

        // Whichever directory is first in turn, one block fits on the small disk and the second one does not.
        for (var i = 0; i < 4; i++)
        {
            store.Put(new(App, $"{i}"), bytes);
        }

        Assert.Equal(700_000, Assert.Single(FilesOf(small.Path)).Length);
        Assert.Equal(3, FilesOf(_other.Path).Length);
        for (var i = 0; i < 4; i++)
        {
            using var stream = store.TryOpen(new(App, $"{i}"))!;
            var read = new byte[bytes.Length];
            stream.ReadExactly(read);
            Assert.Equal(bytes, read);
        }
    }

    [MountFact]
    public void Put_EveryDiskIsFull_NamesThemAndOthersGoOn()
    {
        using var small = new SmallFileSystem(DiskBytes);
        var store = new DiskBlockStore([small.Path]);

        var failure = Assert.Throws<IOException>(() => store.Put(new(App, "large"), Bytes(2 * DiskBytes)));
        store.Put(new(App, "small"), Bytes(1000));

        Assert.Contains("Block app-1/large could not be written to any work directory", failure.Message, StringComparison.Ordinal);
        Assert.Contains(small.Path, failure.Message, StringComparison.Ordinal);
        Assert.Contains("No space left", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1000, Assert.Single(FilesOf(small.Path)).Length);
    }

    [MountFact]
    public void WriteMapOutput_DiskGetsFull_GoesToTheNext()
    {
        using var small = new SmallFileSystem(64 << 10);
        using var rig = new ShuffleRig(directories: [small.Path, _other.Path]);
        for (var map = 0; map < 2; map++)
        {
            rig.Write(map, Enumerable.Range(0, 20_000).Select(i => (i, (long)i)), bucketCount: 2);
        }

        Assert.Empty(FilesOf(small.Path));
        Assert.Equal(40_000, rig.ReadBucket<int, long>(0).Count + rig.ReadBucket<int, long>(1).Count);
    }

    [MountFact]
    public void WriteMapOutput_EveryDiskIsFull_NamesThem()
    {
        using var small = new SmallFileSystem(64 << 10);
        using var rig = new ShuffleRig(directories: [small.Path]);

        var failure = Assert.Throws<IOException>(() => rig.Write(0, Enumerable.Range(0, 20_000).Select(i => (i, (long)i)), bucketCount: 2));

        Assert.Contains(small.Path, failure.Message, StringComparison.Ordinal);
        Assert.Contains("No space left", failure.Message, StringComparison.Ordinal);
        Assert.Empty(FilesOf(small.Path));
    }

    [MountFact]
    public void Put_DiskBecomesReadOnly_GoesToTheNext()
    {
        using var small = new SmallFileSystem(DiskBytes);
        var store = new DiskBlockStore([small.Path, _other.Path]);
        store.Put(new(App, "0"), Bytes(1000));
        store.Put(new(App, "1"), Bytes(1000));
        small.MakeReadOnly();

        store.Put(new(App, "2"), Bytes(1000));
        store.Put(new(App, "3"), Bytes(1000));

        Assert.Equal(3, FilesOf(_other.Path).Length);
        Assert.Equal(1000, store.TryGetLength(new(App, "0")));
    }

    [MountFact]
    public void Create_RootIsReadOnly_IsLeftOutWithAWarningOrNamed()
    {
        using var small = new SmallFileSystem(DiskBytes);
        small.MakeReadOnly();
        var logger = new RecordingLogger<WorkDirectory>();
        var options = new WorkDirectoryOptions { Roots = { small.Path, _other.Path } };

        var work = WorkDirectory.Create("run-1", options, isLocal: false, logger, variable: null);
        var failure = Assert.Throws<IOException>(() => WorkDirectory.Create("run-2", options, isLocal: true, logger, variable: null));

        Assert.Equal(_other["run-1"], work.MainPath);
        Assert.Contains(logger.Lines, line => line.Contains($"A work directory is left out: {small.Path}", StringComparison.Ordinal));
        Assert.Contains(small.Path, failure.Message, StringComparison.Ordinal);
        work.Delete();
    }

    private static FileInfo[] FilesOf(string directory) => new DirectoryInfo(directory).GetFiles("*", SearchOption.AllDirectories);

    private static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        new Random(7).NextBytes(bytes);
        return bytes;
    }
}
