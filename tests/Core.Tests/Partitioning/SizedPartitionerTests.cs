using Dpark.Configuration;
using Dpark.Environments;
using Dpark.Rdds;
using Dpark.Rdds.Sources;
using Dpark.TestKit.Rdds;
using Dpark.Tests.Rdds;

namespace Dpark.Partitioning;

/// <summary>Operators whose number of partitions nobody names, on files: with sizes and without them they give the same elements.</summary>
public sealed class SizedPartitionerTests : IDisposable
{
    private const int Slots = 2;

    private readonly TemporaryDirectory _directory = new();
    private readonly PartitioningOptions _options = new() { PartitionBytes = 4 << 10, MinPartitionBytes = 1 << 10 };

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Partitions_TinyInput_IsOne()
    {
        var reduced = Keyed(NewContext(new PartitioningOptions()), Write(100, 10)).ReduceByKey((a, b) => a + b);

        Assert.Equal(100, (await reduced.CollectAsync()).Sum(pair => pair.Value));

        Assert.Single(reduced.Partitions);
    }

    [Fact]
    public async Task Partitions_LargeInputSmallOutput_AreCoalescedOnce()
    {
        var dpark = NewContext(_options);
        var reduced = Keyed(dpark, Write(20_000, 50)).ReduceByKey((a, b) => a + b);
        Assert.StartsWith($"(?) {reduced.Id} ReduceByKey at ", reduced.ToDebugString(), StringComparison.Ordinal);
        Assert.Contains("by the size of the input, when the first job needs it\n  + shuffle-0, ? buckets: (?) rdd-", reduced.ToDebugString(), StringComparison.Ordinal);

        var counts = await reduced.CollectAsync();

        // 200 KB of input are 50 buckets; 50 records of 100 bytes from each of two map tasks are a few partitions.
        Assert.Equal(20_000, counts.Sum(pair => pair.Value));
        var buckets = ((SizedPartitioner)reduced.Partitioner!).Buckets.PartitionCount;
        Assert.InRange(buckets, 20, 200);
        Assert.InRange(reduced.Partitions.Count, 2, buckets / 2);
        Assert.Contains($"in {buckets} buckets, the largest", reduced.ToDebugString(), StringComparison.Ordinal);

        // The map stage ran for the measurement, and not once more.
        Assert.Single(dpark.Stages, stage => stage.Stage.Output is not null);
    }

    [Fact]
    public async Task Partitions_AskedForBeforeTheFirstJob_StayWhatTheyAre()
    {
        var reduced = Keyed(NewContext(_options), Write(20_000, 50)).ReduceByKey((a, b) => a + b);

        var before = reduced.Partitions.Count;
        var counts = await reduced.CollectAsync();

        Assert.True(before > 20);
        Assert.Equal(before, reduced.Partitions.Count);
        Assert.Equal(20_000, counts.Sum(pair => pair.Value));
    }

    [Fact]
    public async Task Partitions_FileThatComesLater_IsReadAsItIsThen()
    {
        var path = _directory["later.txt"];
        var reduced = Keyed(NewContext(_options), path).ReduceByKey((a, b) => a + b);
        var joined = reduced.Join(reduced.MapValues(value => -value));

        File.Move(Write(3_000, 7), path);

        Assert.Equal(7, await joined.CountAsync());
        Assert.Equal(3_000, (await reduced.CollectAsync()).Sum(pair => pair.Value));
    }

    [Fact]
    public async Task Join_OfTwoWithoutANumber_ShufflesNothingMore()
    {
        var dpark = NewContext(_options);
        var path = Write(20_000, 500);
        var left = Keyed(dpark, path).ReduceByKey((a, b) => a + b);
        var right = Keyed(dpark, path).GroupByKey();

        var joined = left.Join(right);

        Assert.Equal(left.Partitioner, right.Partitioner);
        Assert.Equal(500, await joined.CountAsync());
        Assert.Equal(2, dpark.Stages.Count(stage => stage.Stage.Output is not null));
    }

    [Fact]
    public async Task Off_ByAnyOption_IsOnePerSlot()
    {
        var path = Write(20_000, 50);
        foreach (var options in new[] { new PartitioningOptions { BySize = false, PartitionBytes = 4 << 10, MinPartitionBytes = 1 }, _options.WithoutSizes() })
        {
            var reduced = Keyed(NewContext(options), path).ReduceByKey((a, b) => a + b);

            Assert.Equal(50, await reduced.CountAsync());
            Assert.Equal(Slots, reduced.Partitions.Count);
            Assert.IsType<HashPartitioner>(reduced.Partitioner);
        }

        var fixedCount = Keyed(NewContext(new PartitioningOptions { Coalesce = false, PartitionBytes = 4 << 10, MinPartitionBytes = 1 }), path).ReduceByKey((a, b) => a + b);
        Assert.Equal(50, await fixedCount.CountAsync());
        Assert.True(fixedCount.Partitions.Count > 20);
    }

    [Fact]
    public async Task LookupTakeAndSave_CoalescedPartitions_SeeEachElementOnce()
    {
        var reduced = Keyed(NewContext(_options), Write(20_000, 50)).ReduceByKey((a, b) => a + b);

        for (var key = 0; key < 50; key++)
        {
            Assert.Equal<IEnumerable<long>>([400L], await reduced.LookupAsync(key));
        }

        Assert.Equal(50, (await reduced.TakeAsync(1_000)).Length);
        await reduced.Map(pair => $"{pair.Key}").SaveAsTextFileAsync(_directory["out"]);
        Assert.Equal(reduced.Partitions.Count, Directory.GetFiles(_directory["out"], "part-*").Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task EveryOperator_RandomSizesAndSkew_GivesTheSameAsWithoutSizes(int seed)
    {
        var random = new Random(seed);
        var (one, other) = (WriteSkewed(random), WriteSkewed(random));
        var sized = new PartitioningOptions { PartitionBytes = 1 << random.Next(10, 14), MinPartitionBytes = random.Next(1, 1 << 10), Coalesce = random.Next(4) > 0 };

        var expected = await RunAllAsync(NewContext(new PartitioningOptions { BySize = false }), one, other);
        var actual = await RunAllAsync(NewContext(sized), one, other);

        Assert.Equal(expected.Keys, actual.Keys);
        foreach (var (name, elements) in expected)
        {
            Assert.True(elements.SequenceEqual(actual[name]), $"{name} differs: {elements.Length} and {actual[name].Length} elements.");
        }
    }

    private static async Task<SortedDictionary<string, string[]>> RunAllAsync(InlineRddContext dpark, string one, string other)
    {
        var left = Keyed(dpark, one);
        var right = Keyed(dpark, other);
        var results = new SortedDictionary<string, string[]>(StringComparer.Ordinal);
        await AddAsync("reduce", left.ReduceByKey((a, b) => a + b));
        await AddAsync("combine", left.CombineByKey(value => value, (sum, value) => sum + value, (a, b) => a + b));
        await AddAsync("group", left.GroupByKey().MapValues(values => string.Join(',', values.Order())));
        await AddAsync("groupBy", left.GroupBy(pair => pair.Key % 7).Map(group => (group.Key, group.Values.Length)));
        await AddAsync("distinct", left.Map(pair => pair.Key).Distinct());
        await AddAsync("sort", left.SortBy(pair => pair.Key).Map(pair => pair.Key), isOrdered: true);
        await AddAsync("sortDescending", left.SortBy(pair => pair.Key, isDescending: true).Map(pair => pair.Key), isOrdered: true);
        await AddAsync("join", left.Distinct().Join(right.Distinct()));
        await AddAsync("leftOuterJoin", left.ReduceByKey((a, b) => a + b).LeftOuterJoin(right.GroupByKey().MapValues(values => values.Length)).Map(pair => pair.ToString()));
        await AddAsync("groupWith", left.GroupWith(right).Map(pair => (pair.Key, pair.Value.Left.Length, pair.Value.Right.Length)));
        await AddAsync("groupWithThree", left.GroupWith(right, left).Map(pair => (pair.Key, pair.Value.First.Length, pair.Value.Second.Length, pair.Value.Third.Length)));
        await AddAsync("joinOfSums", left.ReduceByKey((a, b) => a + b).Join(right.ReduceByKey((a, b) => a + b)));
        await AddAsync("joinOfSumAndRows", left.ReduceByKey((a, b) => a + b).Join(right.Distinct()));
        await AddAsync("unionOfSums", left.ReduceByKey((a, b) => a + b).Union(right).ReduceByKey((a, b) => a + b));
        await AddAsync("twice", left.ReduceByKey((a, b) => a + b).Map(pair => (Key: pair.Key % 5, pair.Value)).ReduceByKey((a, b) => a + b));
        return results;

        async Task AddAsync<T>(string name, Rdd<T> rdd, bool isOrdered = false)
        {
            var elements = (await rdd.CollectAsync()).Select(element => $"{element}");
            results.Add(name, [.. isOrdered ? elements : elements.Order(StringComparer.Ordinal)]);
        }
    }

    private static InlineRddContext NewContext(PartitioningOptions options) => new() { DefaultParallelism = Slots, Partitioning = options, Travel = new BytesTravel() };

    private static Rdd<(int Key, long Value)> Keyed(InlineRddContext dpark, string path) => dpark.TextFile(path, new TextFileOptions { PartitionBytes = 100_000 }).Map(line => (int.Parse(line, System.Globalization.CultureInfo.InvariantCulture), 1L));

    private string Write(int lineCount, int keyCount) => Write(Enumerable.Range(0, lineCount).Select(i => i % keyCount));

    private string WriteSkewed(Random random)
    {
        var keyCount = random.Next(1, 2_000);
        var heavy = random.Next(keyCount);
        return Write(Enumerable.Range(0, random.Next(5_000)).Select(_ => random.Next(3) == 0 ? heavy : random.Next(keyCount)).ToArray());
    }

    private string Write(IEnumerable<int> keys)
    {
        var path = _directory[$"{Guid.NewGuid():N}.txt"];
        File.WriteAllLines(path, keys.Select(key => $"{key:D9}"));
        return path;
    }
}
