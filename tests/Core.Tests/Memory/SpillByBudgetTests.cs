using Dpark.Partitioning;
using Dpark.Shuffle;
using Dpark.Tasks;
using static Dpark.Memory.MemoryRig;

namespace Dpark.Memory;

/// <summary>Tables and buffers that the budget refuses spill, give what they would have given in memory, and take no more than the budget.</summary>
public sealed class SpillByBudgetTests
{
    private const int KeyCount = 100_000;

    private static readonly Aggregator<long, long> Sum = new(value => value, (sum, value) => sum + value, (left, right) => left + right);

    [Theory]
    [InlineData(64 << 20, false)]
    [InlineData(2 << 20, true)]
    public void WriteMapOutput_CombinesMoreThanTheBudget_Spills(long budget, bool spills)
    {
        using var rig = new ShuffleRig();
        var memory = NewMemory(budget);
        using var task = memory.Open(default);
        var context = rig.NewContext(memory: task);

        rig.Write(0, Pairs(3), new HashPartitioner(2), Sum, context);
        var sums = Enumerable.Range(0, 2).SelectMany(bucket => rig.ReadBucket<long, long>(bucket)).ToArray();

        Assert.Equal(Expected(3), sums.Order());
        AssertSpilled(context, memory, spills);
    }

    [Theory]
    [InlineData(64 << 20, false)]
    [InlineData(2 << 20, true)]
    public void ReadCombined_MoreThanTheBudget_Spills(long budget, bool spills)
    {
        using var rig = new ShuffleRig();
        rig.Write(0, Pairs(2), bucketCount: 1);
        var memory = NewMemory(budget);
        using var task = memory.Open(default);
        var context = rig.NewContext(memory: task);

        var sums = rig.ReadCombined<long, long>(0, (a, b) => a + b, context);

        Assert.Equal(Expected(2), sums.Order());
        AssertSpilled(context, memory, spills);
    }

    [Theory]
    [InlineData(64 << 20, false)]
    [InlineData(2 << 20, true)]
    public void ReadGrouped_StringsMoreThanTheBudget_Spills(long budget, bool spills)
    {
        using var rig = new ShuffleRig();
        rig.Write(0, Pairs(2).Select(pair => ($"key {pair.Key}", $"value {pair.Value}")), bucketCount: 1);
        var memory = NewMemory(budget);
        using var task = memory.Open(default);
        var context = rig.NewContext(memory: task);

        var groups = rig.ReadGrouped<string, string>(0, context);

        var expected = Pairs(2).GroupBy(pair => $"key {pair.Key}", pair => $"value {pair.Value}").Select(group => (group.Key, string.Join(',', group.Order())));
        Assert.Equal(expected.Order(), groups.Select(group => (group.Key, string.Join(',', group.Values.Order()))).Order());
        AssertSpilled(context, memory, spills);
    }

    [Theory]
    [InlineData(64 << 20, false)]
    [InlineData(2 << 20, true)]
    public void ReadSorted_MoreThanTheBudget_Spills(long budget, bool spills)
    {
        using var rig = new ShuffleRig();
        rig.Write(0, Pairs(3).Select((pair, index) => (BucketPartitioner.KeyOf(0, 0), (pair.Key * 7919) % KeyCount)), new BucketPartitioner(1), aggregator: (Aggregator<long, long>?)null);
        var memory = NewMemory(budget);
        using var task = memory.Open(default);
        var context = rig.NewContext(memory: task);

        var sorted = new List<long>();
        using (var reader = rig.Store.ReadSorted<long, long>(rig.Shuffle, 0, value => value, comparer: null, isDescending: false, context))
        {
            sorted.AddRange(ShuffleRig.ReadAll(reader));
        }

        Assert.Equal(Pairs(3).Select(pair => (pair.Key * 7919) % KeyCount).Order(), sorted);
        AssertSpilled(context, memory, spills);
    }

    [Theory]
    [InlineData(64 << 20, false)]
    [InlineData(2 << 20, true)]
    public void WriteMapOutput_WithoutCombiningMoreThanTheBudget_Spills(long budget, bool spills)
    {
        using var rig = new ShuffleRig();
        var memory = NewMemory(budget);
        using var task = memory.Open(default);
        var context = rig.NewContext(memory: task);

        rig.Write(0, Pairs(6), new HashPartitioner(4), aggregator: (Aggregator<long, long>?)null, context);

        Assert.Equal(Pairs(6).Order(), Enumerable.Range(0, 4).SelectMany(bucket => rig.ReadBucket<long, long>(bucket)).Order());
        AssertSpilled(context, memory, spills);
    }

    [Fact]
    public void Group_ByHash_ComesInTheOrderOfHashesWithAndWithoutSpilling()
    {
        foreach (var budget in new long[] { 64 << 20, 2 << 20 })
        {
            using var rig = new ShuffleRig();
            var memory = NewMemory(budget);
            using var task = memory.Open(default);
            var context = rig.NewContext(memory: task);

            using var reader = rig.Store.Group(TestKit.Rdds.BatchListReader<(long Key, long Value)>.Of(Pairs(2)), isByHash: true, context);
            var groups = ShuffleRig.ReadAll(reader);

            Assert.Equal(KeyCount, groups.Count);
            Assert.Equal(groups.Select(group => StableHasher<long>.Default.Hash(group.Key)).Order(), groups.Select(group => StableHasher<long>.Default.Hash(group.Key)));
            Assert.All(groups, group => Assert.Equal(2, group.Values.Length));
        }
    }

    private static IEnumerable<(long Key, long Value)> Pairs(int rounds) =>
        Enumerable.Range(0, rounds).SelectMany(round => Enumerable.Range(0, KeyCount).Select(key => ((long)key, (long)key + round)));

    private static IEnumerable<(long Key, long Value)> Expected(int rounds) =>
        Enumerable.Range(0, KeyCount).Select(key => ((long)key, Enumerable.Range(0, rounds).Sum(round => (long)key + round)));

    private static void AssertSpilled(TaskContext context, WorkerMemory memory, bool spills)
    {
        Assert.Equal(spills, context.Metrics.SpilledBytes > 0);
        Assert.InRange(memory.PeakBytes, 1, memory.BudgetBytes);
        Assert.Equal((0, 0), memory.Used);
    }
}
