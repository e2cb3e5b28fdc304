using Dpark.Configuration;
using Dpark.Rdds;
using Dpark.TestKit.Rdds;
using Dpark.Tests.Rdds;

namespace Dpark.Partitioning;

/// <summary>Joins with partitions that are much larger than the others: cut, they give what plain code gives, and nobody sees a partitioner that does not hold.</summary>
public sealed class SkewedJoinTests
{
    private const int Slots = 6;
    private const int MapCount = 9;

    // A record counts as 100 bytes here.
    private static readonly PartitioningOptions Options = new() { SkewBytes = 2_000, PartitionBytes = 2_000, SkewFactor = 3 };

    public enum Skew
    {
        None,
        Right,
        Left,
        Both,
    }

    public static TheoryData<string, Skew, bool> Joins()
    {
        var data = new TheoryData<string, Skew, bool>();
        foreach (var kind in new[] { "inner", "left", "right", "full" })
        {
            data.Add(kind, Skew.None, false);
            data.Add(kind, Skew.Left, kind is "inner" or "left");
            data.Add(kind, Skew.Right, kind is "inner" or "right");
            data.Add(kind, Skew.Both, kind is "inner" or "left");
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Joins))]
    public async Task Join_MostRowsHaveOneKey_GivesWhatPlainCodeGives(string kind, Skew skew, bool isCut)
    {
        var dpark = NewContext();
        var left = Rows(skew is Skew.Left or Skew.Both ? 400 : 60, skew is Skew.Left or Skew.Both);
        var right = Rows(skew is Skew.Right or Skew.Both ? 300 : 50, skew is Skew.Right or Skew.Both);
        var joined = JoinOf(kind, dpark, left, right);

        Assert.Equal(Plain(kind, left, right), await Texts(joined));
        Assert.Equal(isCut, joined.Partitioner is null);
        Assert.Equal(isCut, joined.Partitions.Count > Slots);
        Assert.Equal(kind != "full", joined.ToDebugString().Contains(". Skew: ", StringComparison.Ordinal));
        Assert.Equal(isCut, joined.ToDebugString().Contains($" of {Slots} cut into ", StringComparison.Ordinal));

        // Both map stages ran once; what was measured was measured by one task.
        Assert.Equal(2, dpark.Stages.Count(stage => stage.Stage.Output is not null));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Join_RandomSides_GivesWhatPlainCodeGives(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 12; round++)
        {
            var (left, right) = (RandomRows(random), RandomRows(random));
            var options = new PartitioningOptions { SkewBytes = random.Next(1, 5_000), PartitionBytes = random.Next(100, 3_000), SkewFactor = 1 + random.NextDouble() };
            foreach (var kind in new[] { "inner", "left", "right", "full" })
            {
                var joined = JoinOf(kind, NewContext(options, random.Next(1, 9)), left, right);

                Assert.Equal(Plain(kind, left, right), await Texts(joined));
                Assert.Equal(Plain(kind, left, right), await Texts(joined));
            }
        }
    }

    [Fact]
    public async Task Join_BothSidesSkewed_EachPartOfOneMeetsEachPartOfTheOther()
    {
        var (left, right) = (Rows(60, isSkewed: true), Rows(50, isSkewed: true));
        var joined = JoinOf("inner", NewContext(new PartitioningOptions { SkewBytes = 2_000, PartitionBytes = 3_000, SkewFactor = 3 }), left, right);

        Assert.Equal(Plain("inner", left, right), await Texts(joined));

        // Two and two: one partition has become four.
        Assert.Equal(Slots + 3, joined.Partitions.Count);
        var cut = joined.Partitions.Cast<Rdds.Operators.TwoInputPartition>().Where(partition => partition.LeftMaps != Shuffle.MapRange.All).ToList();
        Assert.Equal(4, cut.Select(partition => (partition.LeftMaps, partition.RightMaps)).Distinct().Count());
        Assert.Single(cut.Select(partition => partition.Buckets).Distinct());
    }

    [Fact]
    public async Task Join_EmptySides_GivesWhatPlainCodeGives()
    {
        var rows = Rows(300, isSkewed: true);
        foreach (var (left, right) in new[] { (rows, []), ([], rows), (Array.Empty<(int, int)>(), Array.Empty<(int, int)>()) })
        {
            foreach (var kind in new[] { "inner", "left", "right", "full" })
            {
                Assert.Equal(Plain(kind, left, right), await Texts(JoinOf(kind, NewContext(), left, right)));
            }
        }
    }

    [Fact]
    public async Task ReduceByKey_OfAJoinThatWasCut_ShufflesAndIsRight()
    {
        var dpark = NewContext();
        var (left, right) = (Rows(400, isSkewed: true), Rows(50, isSkewed: false));
        var joined = JoinOf("inner", dpark, left, right);

        // Built before anything is decided: it keeps the keys, and has the partitioner only as long as the join has it.
        var values = joined.MapValues(pair => 1).Filter(pair => pair.Key >= 0);
        Assert.Equal(Plain("inner", left, right).Length, await values.CountAsync());
        Assert.Null(values.Partitioner);

        var counts = values.ReduceByKey((a, b) => a + b);

        Assert.Equal(Counts(left, right), (await counts.CollectAsync()).Order());
        Assert.Equal(Counts(left, right), (await values.GroupByKey().Map(group => (group.Key, group.Values.Length)).CollectAsync()).Order());
        Assert.Equal(Plain("inner", left, right).Length, await joined.Join(dpark.Parallelize(left, MapCount).Map(row => row.Item1).Distinct().Map(key => (key, 1))).CountAsync());
        foreach (var (key, count) in Counts(left, right))
        {
            Assert.Equal(count, (await values.LookupAsync(key)).Length);
        }

        Assert.IsAssignableFrom<ShuffleDependency>(Assert.Single(counts.Dependencies));
    }

    [Fact]
    public async Task ReduceByKey_BuiltOnAJoin_HasItKeptWhole()
    {
        var (left, right) = (Rows(400, isSkewed: true), Rows(50, isSkewed: false));
        foreach (var build in new Func<Rdd<(int Key, int Value)>, Rdd<(int Key, int Value)>>[]
        {
            rdd => rdd.ReduceByKey((a, b) => a + b),
            rdd => rdd.GroupByKey().MapValues(all => all.Length),
            rdd => rdd.ReduceByKey((a, b) => a + b).Join(rdd.GroupByKey()).MapValues(pair => pair.Left),
            rdd => rdd.PartitionBy(rdd.Partitioner!).ReduceByKey((a, b) => a + b),
        })
        {
            var joined = JoinOf("inner", NewContext(), left, right);
            var counts = build(joined.MapValues(pair => 1));

            Assert.Equal(Counts(left, right), (await counts.CollectAsync()).Order());
            Assert.Equal(Slots, joined.Partitions.Count);
            Assert.NotNull(joined.Partitioner);
            Assert.Contains("Skew: whole, as an operator", joined.ToDebugString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ReduceByKey_WithAnotherNumberThanTheJoin_LeavesItToBeCut()
    {
        var (left, right) = (Rows(400, isSkewed: true), Rows(50, isSkewed: false));
        var joined = JoinOf("inner", NewContext(), left, right);

        var counts = joined.MapValues(pair => 1).ReduceByKey((a, b) => a + b, Slots - 1);

        Assert.Equal(Counts(left, right), (await counts.CollectAsync()).Order());
        Assert.True(joined.Partitions.Count > Slots);
    }

    [Fact]
    public async Task Join_Cached_HasTheSamePartsInTheNextJob()
    {
        var dpark = NewContext();
        var (left, right) = (Rows(400, isSkewed: true), Rows(50, isSkewed: false));
        var joined = JoinOf("inner", dpark, left, right).Cache();
        Assert.Equal(Plain("inner", left, right), await Texts(joined));
        var partitions = joined.Partitions;
        var tasks = dpark.Tasks.Count;

        Assert.Equal(Plain("inner", left, right), await Texts(joined));
        Assert.Same(partitions, joined.Partitions);
        Assert.Equal(partitions.Count, dpark.Tasks.Count - tasks);
    }

    [Fact]
    public async Task Join_PartitionsAskedForOrNamedOrSwitchedOff_IsWhole()
    {
        var (left, right) = (Rows(400, isSkewed: true), Rows(50, isSkewed: false));
        var asked = JoinOf("inner", NewContext(), left, right);
        Assert.Equal(Slots, asked.Partitions.Count);
        var off = JoinOf("inner", NewContext(new PartitioningOptions { SplitSkewed = false, SkewBytes = 2_000, PartitionBytes = 2_000 }), left, right);
        var withoutSizes = JoinOf("inner", NewContext(Options.WithoutSizes()), left, right);
        var dpark = NewContext();
        var named = dpark.Parallelize(left, MapCount).Join(dpark.Parallelize(right, MapCount), Slots);

        foreach (var joined in new[] { asked, off, withoutSizes })
        {
            Assert.Equal(Plain("inner", left, right), await Texts(joined));
            Assert.Equal(Slots, joined.Partitions.Count);
        }

        Assert.Equal(Plain("inner", left, right).Length, await named.CountAsync());
        Assert.Equal(Slots, named.Partitions.Count);
        Assert.DoesNotContain("Skew: ", off.ToDebugString() + withoutSizes.ToDebugString() + named.ToDebugString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Join_NothingSkewed_SaysSo()
    {
        var joined = JoinOf("inner", NewContext(), Rows(60, isSkewed: false), Rows(60, isSkewed: false));
        Assert.Contains("Skew: large ones are cut by the size of the map outputs", joined.ToDebugString(), StringComparison.Ordinal);

        _ = await joined.CountAsync();

        Assert.Contains($"Skew: none of {Slots} has more than 3 times the median and 2 KiB on a side that can be cut", joined.ToDebugString(), StringComparison.Ordinal);
        Assert.NotNull(joined.Partitioner);
    }

    private static InlineRddContext NewContext(PartitioningOptions? options = null, int slots = Slots) =>
        new() { DefaultParallelism = slots, Partitioning = options ?? Options, Travel = new BytesTravel() };

    /// <summary>Rows with the keys 0 to 49; of a skewed side nine of ten have the key 7.</summary>
    private static (int Key, int Value)[] Rows(int count, bool isSkewed) => [.. Enumerable.Range(0, count).Select(i => (isSkewed && i % 10 != 0 ? 7 : i % 50, i))];

    private static (int Key, int Value)[] RandomRows(Random random)
    {
        var (keyCount, share) = (random.Next(1, 60), random.NextDouble());
        return [.. Enumerable.Range(0, random.Next(4) == 0 ? random.Next(3) : random.Next(150)).Select(i => (random.NextDouble() < share ? 1 : random.Next(keyCount), i))];
    }

    private static Rdd<(int Key, (int? Left, int? Right) Value)> JoinOf(string kind, InlineRddContext dpark, (int Key, int Value)[] left, (int Key, int Value)[] right)
    {
        var (one, other) = (dpark.Parallelize(left, MapCount), dpark.Parallelize(right, MapCount));
        return kind switch
        {
            "inner" => one.Join(other).MapValues(pair => ((int?)pair.Left, (int?)pair.Right)),
            "left" => one.LeftOuterJoin(other).MapValues(pair => ((int?)pair.Left, pair.Right)),
            "right" => one.RightOuterJoin(other).MapValues(pair => (pair.Left, (int?)pair.Right)),
            _ => one.FullOuterJoin(other).MapValues(pair => (pair.Left, pair.Right)),
        };
    }

    private static async Task<string[]> Texts(Rdd<(int Key, (int? Left, int? Right) Value)> joined) =>
        [.. (await joined.CollectAsync()).Select(row => $"{row}").Order(StringComparer.Ordinal)];

    private static string[] Plain(string kind, (int Key, int Value)[] left, (int Key, int Value)[] right)
    {
        var (lefts, rights) = (left.ToLookup(row => row.Key, row => (int?)row.Value), right.ToLookup(row => row.Key, row => (int?)row.Value));
        IEnumerable<int?> missing = [null];
        return
        [
            .. lefts.Select(group => group.Key).Union(rights.Select(group => group.Key))
                .SelectMany(key => (lefts.Contains(key) ? lefts[key] : kind is "right" or "full" ? missing : [])
                    .SelectMany(one => (rights.Contains(key) ? rights[key] : kind is "left" or "full" ? missing : []).Select(other => $"{(key, (one, other))}")))
                .Order(StringComparer.Ordinal),
        ];
    }

    private static (int Key, int Count)[] Counts((int Key, int Value)[] left, (int Key, int Value)[] right) =>
        [.. left.Join(right, row => row.Key, row => row.Key, (row, _) => row.Key).GroupBy(key => key, (key, all) => (key, all.Count())).Order()];
}
