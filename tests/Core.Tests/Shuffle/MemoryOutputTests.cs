using Dpark.Configuration;
using Dpark.Memory;
using Dpark.Partitioning;

namespace Dpark.Shuffle;

/// <summary>Small map outputs stay in memory, and are read as files are.</summary>
public sealed class MemoryOutputTests
{
    private const int BucketCount = 3;

    private static readonly Aggregator<long, long> Sum = new(value => value, (sum, value) => sum + value, (left, right) => left + right);

    [Fact]
    public void WriteMapOutput_Small_MakesNoFileAndIsRead()
    {
        using var rig = new ShuffleRig(memoryBytes: 1 << 20);

        var written = rig.Write(0, Pairs(100), BucketCount);
        rig.Write(1, Pairs(50), new HashPartitioner(BucketCount), Sum);

        Assert.Empty(rig.AllFiles());
        Assert.InRange(rig.Files.MemoryBytes, written.BucketBytes.Sum(), 64 << 10);
        Assert.Equal(Pairs(100).Concat(Pairs(50)).Order(), ReadAll(rig));
    }

    [Fact]
    public void WriteMapOutput_SameAsFile_HasTheSameBuckets()
    {
        using var inMemory = new ShuffleRig(memoryBytes: 1 << 20);
        using var onDisk = new ShuffleRig();

        var first = inMemory.Write(0, Pairs(1_000), BucketCount);
        var second = onDisk.Write(0, Pairs(1_000), BucketCount);

        Assert.Equal(second.BucketBytes.AsEnumerable(), first.BucketBytes);
        Assert.Equal(ReadAll(onDisk), ReadAll(inMemory));
        Assert.Single(onDisk.AllFiles());
        Assert.Empty(inMemory.AllFiles());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WriteMapOutput_TooLongForMemory_IsAFile(bool isCombined)
    {
        using var rig = new ShuffleRig(memoryBytes: 1 << 30);

        rig.Write(0, Pairs(300_000), new HashPartitioner(BucketCount), isCombined ? Sum : null);

        Assert.Single(rig.AllFiles());
        Assert.Equal(0, rig.Files.MemoryBytes);
        Assert.Equal(Pairs(300_000), ReadAll(rig));
    }

    [Theory]
    [InlineData(false, 10_000)]
    [InlineData(true, 10_000)]
    [InlineData(false, 100_000)]
    [InlineData(true, 100_000)]
    public void WriteMapOutput_OnPages_MakesNoFileAndTakesLittleMore(bool isCombined, int count)
    {
        using var rig = new ShuffleRig(memoryBytes: 1 << 30);

        var output = rig.Write(0, Pairs(count), new HashPartitioner(BucketCount), isCombined ? Sum : null);

        Assert.Empty(rig.AllFiles());
        // A sixteenth for frames that may come to more than is expected, and the rest of a piece of a page.
        Assert.InRange(rig.Files.MemoryBytes, output.BucketBytes.Sum(), (output.BucketBytes.Sum() * 17 / 16) + (32 << 10));
        Assert.Equal(Pairs(count), ReadAll(rig));
    }

    // Integers take less in frames than in memory, and what was expected is not kept.
    [Theory]
    [InlineData(2_000)]
    [InlineData(60_000)]
    public void WriteMapOutput_ShorterThanItLooks_TakesLittleMore(int count)
    {
        using var rig = new ShuffleRig(memoryBytes: 1 << 30);
        (long Key, long Value)[] pairs = [.. Enumerable.Range(0, count).Select(i => (i * 30_011L, 1L))];

        var output = rig.Write(0, pairs, new HashPartitioner(BucketCount), Sum);

        Assert.InRange(output.BucketBytes.Sum(), count, count * 7);
        Assert.InRange(rig.Files.MemoryBytes, output.BucketBytes.Sum(), (output.BucketBytes.Sum() * 17 / 16) + (32 << 10));
        Assert.Equal(pairs, ReadAll(rig));
    }

    [Theory]
    [InlineData(110_000)]
    [InlineData(150_000)]
    public void WriteMapOutput_LongerThanAllOfTheMemory_IsAFileAndMovesNone(int count)
    {
        using var rig = new ShuffleRig(memoryBytes: 1 << 20);
        rig.Write(0, Pairs(100), BucketCount);
        var before = rig.Files.MemoryBytes;

        rig.Write(1, Pairs(count), BucketCount);

        Assert.Equal("map-1.0", Path.GetFileName(Assert.Single(rig.AllFiles())));
        Assert.Equal(before, rig.Files.MemoryBytes);
        Assert.Equal(Pairs(100).Concat(Pairs(count)).Order(), ReadAll(rig));
    }

    [Fact]
    public void WriteMapOutput_PagesAreUsedUp_OldestBecomeFiles()
    {
        const int Count = 20_000;
        using var rig = new ShuffleRig(memoryBytes: 1 << 20);

        for (var map = 0; map < 6; map++)
        {
            rig.Write(map, Pairs(Count), BucketCount);
        }

        Assert.InRange(rig.Files.MemoryBytes, 1, 1 << 20);
        Assert.InRange(rig.AllFiles().Length, 1, 5);
        Assert.Equal(Enumerable.Repeat(Pairs(Count), 6).SelectMany(pairs => pairs).Order(), ReadAll(rig));
    }

    [Fact]
    public void WriteMapOutput_LongerThanItLooks_IsAFile()
    {
        var word = new string('x', 1_000);
        var pairs = Enumerable.Range(0, 3_000).Select(i => (Key: $"{i}{word}", Value: 1L)).ToArray();
        using var rig = new ShuffleRig(memoryBytes: 1 << 30);

        var output = rig.Write(0, pairs, new HashPartitioner(BucketCount), Sum);

        Assert.Equal(3_000, output.RecordCount);
        Assert.Single(rig.AllFiles());
        Assert.Equal(pairs.Order(), Enumerable.Range(0, BucketCount).SelectMany(bucket => rig.ReadBucket<string, long>(bucket)).Order());
    }

    [Fact]
    public void WriteMapOutput_MemoryIsUsedUp_OldestBecomeFiles()
    {
        const long Limit = 20 << 10;
        using var rig = new ShuffleRig(memoryBytes: Limit);

        for (var map = 0; map < 20; map++)
        {
            rig.Write(map, Pairs(200), BucketCount);
        }

        Assert.InRange(rig.Files.MemoryBytes, Limit / 2, Limit);
        string[] files = [.. rig.AllFiles().Select(path => Path.GetFileName(path)!)];
        Assert.Contains("map-0.0", files);
        Assert.DoesNotContain("map-19.0", files);
        Assert.Equal(Enumerable.Repeat(Pairs(200), 20).SelectMany(pairs => pairs).Order(), ReadAll(rig));
    }

    [Fact]
    public void WriteMapOutput_TasksHaveTheMemory_IsAFile()
    {
        var memory = new WorkerMemory(new MemoryOptions { BudgetBytes = 1 << 20, WaitLimit = TimeSpan.Zero });
        using var rig = new ShuffleRig(memoryBytes: 1 << 20, memory: memory);
        using var task = memory.Open(default);
        task.Claim("a table").HoldAnyway(1 << 20);

        rig.Write(0, Pairs(200), BucketCount);

        Assert.Single(rig.AllFiles());
        Assert.Equal((0, 0), (rig.Files.MemoryBytes, memory.StoreBytes));
        Assert.Equal(Pairs(200), ReadAll(rig));
    }

    [Fact]
    public void TryHold_OutputsHaveTheMemory_OldestBecomeFilesAndAreStillRead()
    {
        var memory = new WorkerMemory(new MemoryOptions { BudgetBytes = 1 << 20, WaitLimit = TimeSpan.Zero });
        using var rig = new ShuffleRig(memoryBytes: 1 << 20, memory: memory);
        for (var map = 0; map < 20; map++)
        {
            rig.Write(map, Pairs(200), BucketCount);
        }

        var bytes = rig.Files.MemoryBytes;
        Assert.Equal(bytes, memory.StoreBytes);
        using var task = memory.Open(default);
        using var table = task.Claim("a table");
        var wanted = memory.BudgetBytes - (bytes / 2);
        table.HoldAnyway(wanted);

        string[] files = [.. rig.AllFiles().Select(path => Path.GetFileName(path)!)];
        Assert.InRange(files.Length, 1, 19);
        Assert.Contains("map-0.0", files);
        Assert.DoesNotContain("map-19.0", files);
        Assert.InRange(memory.StoreBytes, 1, bytes / 2);
        Assert.Equal(memory.StoreBytes, rig.Files.MemoryBytes);
        Assert.Equal(Enumerable.Repeat(Pairs(200), 20).SelectMany(pairs => pairs).Order(), ReadAll(rig));
        rig.Files.DeleteApplication(ShuffleRig.App);
        Assert.Equal(0, memory.StoreBytes);
    }

    [Fact]
    public void TryHold_NoDiskCanTakeOutputs_TheyStayInMemory()
    {
        var memory = new WorkerMemory(new MemoryOptions { BudgetBytes = 1 << 20, WaitLimit = TimeSpan.Zero });
        var isNoDirectory = Path.Combine(Path.GetTempPath(), $"dpark-test-{Guid.NewGuid():N}");
        File.WriteAllText(isNoDirectory, "");
        try
        {
            using var rig = new ShuffleRig(memoryBytes: 1 << 20, directories: [isNoDirectory], memory: memory);
            rig.Write(0, Pairs(200), BucketCount);
            using var task = memory.Open(default);
            using var table = task.Claim("a table");

            table.HoldAnyway(1 << 20);

            Assert.InRange(memory.StoreBytes, 1, rig.Files.MemoryBytes);
            Assert.Equal(Pairs(200), ReadAll(rig));
        }
        finally
        {
            File.Delete(isNoDirectory);
        }
    }

    [Fact]
    public void DeleteShuffle_InMemoryAndMovedToDisk_LeavesNothing()
    {
        using var rig = new ShuffleRig(memoryBytes: 20 << 10);
        for (var map = 0; map < 20; map++)
        {
            rig.Write(map, Pairs(200), BucketCount);
        }

        rig.Files.DeleteShuffle(rig.Shuffle);

        Assert.Equal(0, rig.Files.MemoryBytes);
        Assert.Empty(rig.AllFiles());
        Assert.Null(rig.Files.TryOpen(rig.Shuffle, 19, 0, 0, 1));
        Assert.Throws<IOException>(() => rig.Write(20, Pairs(1), BucketCount));
        Assert.Equal(0, rig.Files.MemoryBytes);
    }

    [Fact]
    public void DeleteApplication_OutputIsBeingRead_ReaderGoesOn()
    {
        using var rig = new ShuffleRig(memoryBytes: 1 << 20);
        var output = rig.Write(0, Pairs(100), bucketCount: 1);
        using var slice = rig.Files.TryOpen(rig.Shuffle, 0, output.Attempt, 0, 1)!;

        rig.Files.DeleteApplication(ShuffleRig.App);

        Assert.Equal(output.BucketBytes[0], slice.Bytes.Length);
        Assert.Equal(0, rig.Files.MemoryBytes);
    }

    [Fact]
    public void DeleteApplication_PagesAreBeingRead_StayUntilTheReaderIsDone()
    {
        using var rig = new ShuffleRig(memoryBytes: 1 << 30);
        rig.Write(0, Pairs(30_000), bucketCount: 1);
        var slice = rig.Files.TryOpen(rig.Shuffle, 0, 0, 0, 1)!;
        var before = slice.Bytes.ToArray();

        rig.Files.DeleteApplication(ShuffleRig.App);
        for (var i = 0; i < 3; i++)
        {
            // Would get the pages of the output, had they been returned.
            using var others = new PageMemory(before.Length);
            System.Runtime.InteropServices.MemoryMarshal.CreateSpan(ref others.Start, before.Length).Fill(0xA5);
        }

        Assert.Equal(before, slice.Bytes.ToArray());
        slice.Dispose();
        slice.Dispose();
        Assert.Equal(0, rig.Files.MemoryBytes);
    }

    [Fact]
    public void Release_LastHolder_NobodyCanHoldAgain()
    {
        var bytes = new OutputBytes(new PageMemory(100_000), 100_000);
        Assert.True(bytes.TryHold());

        bytes.Release();
        Assert.True(bytes.TryHold());
        bytes.Release();
        bytes.Release();

        Assert.False(bytes.TryHold());
    }

    [Fact]
    public void ReadBucket_InMemoryOutputIsGone_IsFetchFailure()
    {
        using var rig = new ShuffleRig(memoryBytes: 1 << 20);
        rig.Write(4, Pairs(10), bucketCount: 1);
        rig.Files.DeleteShuffle(rig.Shuffle);

        var error = Assert.Throws<FetchFailedException>(() => rig.ReadBucket<long, long>(0));

        Assert.Equal((rig.Shuffle, 4), (error.Shuffle, error.MapIndex));
    }

    // Values far apart, so that they take as much in a frame as in memory.
    private static (long Key, long Value)[] Pairs(int count) => [.. Enumerable.Range(0, count).Select(i => ((long)i, i * 0x1E3779B97F4A7C15L))];

    private static IEnumerable<(long Key, long Value)> ReadAll(ShuffleRig rig) =>
        Enumerable.Range(0, BucketCount).SelectMany(bucket => rig.ReadBucket<long, long>(bucket)).Order();
}
