using System.Text;
using Dpark.Rdds;
using Dpark.Rdds.Sources;
using Dpark.TestKit.Rdds;
using Dpark.Text;

namespace Dpark.Sorting;

/// <summary>Sorts of files of records, whose ranges come from some places of the files: the order beside LINQ, how even the partitions are, and how much was read for it.</summary>
public sealed class SampledSortTests : IDisposable
{
    private const int RecordBytes = 100;
    private const int KeyBytes = 10;
    private const int RecordCount = 60_000;
    private const int PartitionCount = 4;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpark-sample-");
    private readonly InlineRddContext _dpark = new();
    private int _calls;

    public void Dispose() => _directory.Delete(recursive: true);

    [Theory]
    [InlineData("random")]
    [InlineData("ascending")]
    [InlineData("descending")]
    [InlineData("waves")]
    public async Task SortBy_SpreadKeys_GivesEvenPartitionsAndReadsLittleForThem(string kind)
    {
        var rdd = Open(RecordCount, i => KeyOf(kind, i), fileCount: 3).Map(Counted);

        var partitions = await SortAsync(rdd);

        AssertSorted(RecordCount, i => KeyOf(kind, i), partitions);
        Assert.All(partitions, partition => Assert.InRange(partition.Length, RecordCount / PartitionCount * 2 / 3, RecordCount / PartitionCount * 3 / 2));
        Assert.InRange(_calls, RecordCount, RecordCount * 5 / 4);
    }

    [Fact]
    public async Task SortBy_OneKeyInNineOfTen_KeepsItTogetherAndCutsTheRest()
    {
        static int Key(int i) => i % 10 > 0 ? 5000 : i % 10_000;
        var partitions = await SortAsync(Open(RecordCount, Key).Map(Counted));

        AssertSorted(RecordCount, Key, partitions);
        Assert.Single(partitions, partition => partition.Any(text => text.StartsWith("0000005000", StringComparison.Ordinal)));
        Assert.InRange(_calls, RecordCount, RecordCount * 5 / 4);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(300)]
    public async Task SortBy_FewRecords_ReadsAllOfThem(int count)
    {
        var partitions = await SortAsync(Open(count, i => 1000 - i).Map(Counted));

        AssertSorted(count, i => 1000 - i, partitions);
        Assert.Equal(2 * count, _calls);
    }

    [Fact]
    public async Task SortBy_FilesOfDifferentSizes_WeighsRecordsOfASampleAndOfAWholeAlike()
    {
        // A large file of small keys beside many little ones of great keys, each of which is read whole.
        static int Key(int i) => i < RecordCount ? i % 1000 : 5000 + i;
        const int small = 500;
        Write("records-0", 0, RecordCount, Key);
        for (var file = 0; file < 10; file++)
        {
            Write($"records-{file + 1}", RecordCount + (file * small), small, Key);
        }

        var rdd = _dpark.BinaryRecords(Path.Combine(_directory.FullName, "records-*"), RecordBytes, new TextFileOptions { PartitionBytes = RecordCount * RecordBytes });
        var partitions = await SortAsync(rdd.Map(Counted));

        var total = RecordCount + (10 * small);
        Assert.Equal(total, partitions.Sum(partition => partition.Length));
        Assert.All(partitions, partition => Assert.InRange(partition.Length, 1, total * 6 / 10));
        Assert.InRange(_calls, total, total * 5 / 4);
    }

    [Fact]
    public async Task SortBy_SameFileTwice_HasTheSameRanges()
    {
        var rdd = Open(RecordCount, i => KeyOf("random", i));

        var first = await SortAsync(rdd);
        var second = await SortAsync(rdd);

        Assert.Equal(first.Select(partition => partition.Length), second.Select(partition => partition.Length));
    }

    [Fact]
    public async Task SortBy_BehindMapPartitions_LetsItSeeWholePartitions()
    {
        // Drops the first record of each partition, which a sample of places would do to each of them.
        var rdd = Open(RecordCount, i => i, fileCount: 2).Map(Counted).MapPartitions(records => records.Skip(1));

        var partitions = await SortAsync(rdd);

        Assert.Equal(RecordCount - rdd.Partitions.Count, partitions.Sum(partition => partition.Length));
        Assert.Equal(2 * RecordCount, _calls);
    }

    [Fact]
    public async Task SortBy_BehindACache_KeepsWholePartitions()
    {
        var rdd = Open(RecordCount, i => i).Map(Counted).Cache();

        var partitions = await SortAsync(rdd);

        Assert.Equal(RecordCount, partitions.Sum(partition => partition.Length));
        Assert.Equal(RecordCount, await rdd.CountAsync());
    }

    [Fact]
    public async Task SortBy_BehindAFilterThatKeepsLittle_ReadsEverythingForEvenRanges()
    {
        var rdd = Open(RecordCount, i => KeyOf("random", i)).Map(Counted).Filter(record => record[KeyBytes - 1] == '7' && record[KeyBytes - 2] == '7');

        var partitions = await SortAsync(rdd);

        var kept = partitions.Sum(partition => partition.Length);
        Assert.InRange(kept, RecordCount / 200, RecordCount / 50);
        Assert.All(partitions, partition => Assert.InRange(partition.Length, kept / PartitionCount / 2, kept / PartitionCount * 2));
        Assert.InRange(_calls, 2 * RecordCount, RecordCount * 9 / 4);
    }

    [Fact]
    public async Task SortBy_BehindFlatMapAndKeyBy_SamplesPlaces()
    {
        var rdd = Open(RecordCount, i => KeyOf("random", i)).Map(Counted).FlatMap(record => new[] { record.ToString(), "F" + record }).KeyBy(text => text[1..]);

        var sorted = await rdd.SortBy(pair => pair.Key, partitionCount: PartitionCount).Glom().CollectAsync();

        Assert.Equal(sorted.SelectMany(partition => partition).OrderBy(pair => pair.Key, StringComparer.Ordinal), sorted.SelectMany(partition => partition));
        Assert.Equal(2 * RecordCount, sorted.Sum(partition => partition.Length));
        Assert.All(sorted, partition => Assert.InRange(partition.Length, RecordCount / PartitionCount, RecordCount / PartitionCount * 3));
        Assert.InRange(_calls, RecordCount, RecordCount * 5 / 4);
    }

    private static int KeyOf(string kind, int i) => kind switch
    {
        "ascending" => i,
        "descending" => RecordCount - i,
        "waves" => (i % 81) * 1000,
        _ => (int)((uint)i * 2_654_435_761u % 1_000_003),
    };

    private static void AssertSorted(int count, Func<int, int> key, string[][] partitions) =>
        Assert.Equal(Enumerable.Range(0, count).OrderBy(key).Select(i => Text(i, key)), partitions.SelectMany(partition => partition));

    private static string Text(int i, Func<int, int> key) => $"{key(i):0000000000}{i:0000000000}";

    private async Task<string[][]> SortAsync(Rdd<ByteSlice> rdd) =>
        await rdd.SortBy(record => record[..KeyBytes], partitionCount: PartitionCount).Map(record => Encoding.ASCII.GetString(record[..(2 * KeyBytes)].Span)).Glom().CollectAsync();

    private ByteSlice Counted(ByteSlice record)
    {
        Interlocked.Increment(ref _calls);
        return record;
    }

    private Rdd<ByteSlice> Open(int count, Func<int, int> key, int fileCount = 1)
    {
        for (var file = 0; file < fileCount; file++)
        {
            var start = (int)((long)count * file / fileCount);
            Write($"records-{file}", start, (int)((long)count * (file + 1) / fileCount) - start, key);
        }

        return _dpark.BinaryRecords(Path.Combine(_directory.FullName, "records-*"), RecordBytes, new TextFileOptions { PartitionBytes = RecordCount * RecordBytes });
    }

    private void Write(string name, int start, int count, Func<int, int> key) => File.WriteAllText(
        Path.Combine(_directory.FullName, name), string.Concat(Enumerable.Range(start, count).Select(i => Text(i, key).PadRight(RecordBytes, '.'))));
}
