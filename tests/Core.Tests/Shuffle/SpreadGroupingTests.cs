using Dpark.TestKit.Rdds;
using Dpark.Text;

namespace Dpark.Shuffle;

/// <summary>Groups that do not fit into memory are spread over buckets on disk, and each key still comes once, with all of its values.</summary>
public sealed class SpreadGroupingTests
{
    private const int KeyCount = 10_000;
    private const int RoundCount = 4;

    [Theory]
    [InlineData(64 << 10)]
    [InlineData(384 << 10)]
    public void ReadGrouped_KeysOfAllKinds_ComeOnceWithAllTheirValues(long limit)
    {
        AssertGrouped(limit, key => key);
        AssertGrouped(limit, key => key * 0x1E37_79B9_7F4A_7C15);
        AssertGrouped(limit, key => $"key {key}");
        AssertGrouped(limit, key => (key, (int)key % 3));
        AssertGrouped(limit, key => Utf8Text.From($"key {key}"));
    }

    [Fact]
    public void ReadGrouped_MoreThanFits_IsWrittenOnce()
    {
        using var rig = NewRig(256 << 10);
        var bytes = rig.Write(0, Pairs().Select(pair => (pair.Key, (long)pair.Value)), bucketCount: 1).BucketBytes[0];
        var context = rig.NewContext();

        rig.ReadGrouped<long, long>(0, context);

        Assert.InRange(context.Metrics.SpilledBytes, bytes, bytes * 11 / 10);
    }

    // However often they are spread, the values of one key stay together.
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    public void ReadGrouped_MostValuesAreOfOneKey_HasAllOfThem(int others)
    {
        const int Count = 300_000;
        using var rig = NewRig(256 << 10);
        rig.Write(0, Enumerable.Range(0, Count).Select(i => (i % 1000 < 900 ? 7L : i % others, (long)i)), bucketCount: 1);
        var context = rig.NewContext();

        var groups = rig.ReadGrouped<long, long>(0, context);

        Assert.Equal(Enumerable.Range(0, Count).GroupBy(i => i % 1000 < 900 ? 7L : i % others).Select(group => group.Key).Order(), groups.Select(group => group.Key).Order());
        Assert.Equal(
            Enumerable.Range(0, Count).Where(i => i % 1000 < 900 || i % others == 7).Select(i => (long)i), groups.Single(group => group.Key == 7).Values.Order());
        Assert.Equal(Count, groups.Sum(group => group.Values.Length));
        Assert.True(context.Metrics.SpilledBytes > 0);
    }

    // In whatever order they came: whoever looks the groups up walks through memory once.
    [Fact]
    public void ReadGrouped_IdsDoNotFit_ComeInAscendingOrder()
    {
        const int Count = 400_000;
        var random = new Random(5);
        (long Key, long Value)[] pairs = [.. Enumerable.Range(0, Count).Select(i => (random.NextInt64(-20_000, 20_000), (long)i))];
        using var rig = NewRig(1 << 20);
        rig.Write(0, pairs, bucketCount: 1);
        var context = rig.NewContext();

        var groups = rig.ReadGrouped<long, long>(0, context);

        Assert.Equal(pairs.Select(pair => pair.Key).Distinct().Order(), groups.Select(group => group.Key));
        Assert.Equal(pairs.Order(), groups.SelectMany(group => group.Values.Order().Select(value => (group.Key, value))));
        Assert.True(context.Metrics.SpilledBytes > 0);
    }

    // Keys that nobody had seen when the ranges were chosen, on both sides.
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void ReadGrouped_LaterIdsAreBeyondTheFirstOnes_ComeOnceWithAllTheirValues(int direction)
    {
        const int Count = 200_000;
        using var rig = NewRig(256 << 10);
        rig.Write(0, Enumerable.Range(0, Count).Select(i => (Key: (long)direction * (i / 4), Value: (long)i)), bucketCount: 1);
        var context = rig.NewContext();

        var groups = rig.ReadGrouped<long, long>(0, context);

        Assert.Equal(
            Enumerable.Range(0, Count / 4).Select(key => ((long)direction * key, 16L * key + 6)).Order(),
            groups.Select(group => (group.Key, group.Values.Sum())).Order());
        Assert.Equal(Count, groups.Sum(group => group.Values.Length));
        Assert.True(context.Metrics.SpilledBytes > 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10)]
    public void Dispose_BeforeTheEnd_GivesBackFilesAndMemory(int batches)
    {
        var memory = Memory.MemoryRig.NewMemory(1 << 19);
        using (var rig = new ShuffleRig())
        {
            using var task = memory.Open(default);
            var context = rig.NewContext(memory: task);
            using var reader = rig.Store.Group(BatchListReader<(long Key, int Value)>.Of(Pairs()), isByHash: false, context);
            for (var i = 0; i < batches; i++)
            {
                Assert.False(reader.Next().IsEmpty);
            }

            Assert.Equal(batches > 0, context.Metrics.SpilledBytes > 0);
            reader.Dispose();

            Assert.Empty(rig.AllFiles());
            Assert.InRange(memory.PeakBytes, 0, memory.BudgetBytes);
            Assert.Equal((0, 0), memory.Used);
        }
    }

    private static ShuffleRig NewRig(long limit) => new(options => options.SpillThresholdBytes = limit);

    private static IEnumerable<(long Key, int Value)> Pairs() =>
        Enumerable.Range(0, RoundCount).SelectMany(round => Enumerable.Range(0, KeyCount).Select(i => (i * 7_919L % KeyCount, round)));

    private static void AssertGrouped<TKey>(long limit, Func<long, TKey> keyOf)
        where TKey : notnull
    {
        using var rig = NewRig(limit);
        rig.Write(0, Pairs().Select(pair => (keyOf(pair.Key), pair.Value)), bucketCount: 2);
        var context = rig.NewContext();

        // A text is only valid as long as its batch.
        var groups = new Dictionary<string, int[]>();
        for (var bucket = 0; bucket < 2; bucket++)
        {
            using var reader = rig.Store.ReadGrouped<TKey, int>(rig.Shuffle, bucket, context);
            for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
            {
                foreach (var (key, values) in batch)
                {
                    groups.Add(key.ToString()!, [.. values.Order()]);
                }
            }
        }

        Assert.Equal(Enumerable.Range(0, KeyCount).Select(key => keyOf(key).ToString()).Order(), groups.Keys.Order());
        Assert.All(groups.Values, values => Assert.Equal(Enumerable.Range(0, RoundCount), values));
        Assert.True(context.Metrics.SpilledBytes > 0);
    }
}
