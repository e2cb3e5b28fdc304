using System.Collections.Concurrent;
using Dpark.Caching;
using Dpark.Driver;
using Dpark.Rdds;

namespace Dpark.Jobs;

/// <summary>Jobs on a worker whose memory is a fraction of what they hold: they spill, and their results are those of plain code.</summary>
public sealed class MemoryBudgetTests : IJobListener
{
    private const long Budget = 16 << 20;
    private const int Count = 900_000;
    private const int KeyCount = 400_000;

    // Keys that lie close together take so little that they fit.
    private const long Step = 1_000_003;

    private readonly ConcurrentQueue<JobSummary> _jobs = new();

    void IJobListener.OnJobEnded(JobSummary job) => _jobs.Enqueue(job);

    [Fact]
    public async Task ReduceByKey_TableLargerThanTheBudget_SpillsAndIsRight()
    {
        await using var context = await NewContextAsync();

        var sums = await Wait.For(Pairs(context).Map(pair => (pair.Key * Step, pair.Value)).ReduceByKey((a, b) => a + b, 2).CollectAsync(), "the job");

        Assert.Equal(Plain().GroupBy(pair => pair.Key * Step, (key, all) => (key, all.Sum(pair => pair.Value))).Order(), sums.Order());
        AssertSpilled();
    }

    [Fact]
    public async Task GroupByKey_MoreThanTheBudget_SpillsAndIsRight()
    {
        await using var context = await NewContextAsync();

        var sums = await Wait.For(Pairs(context).GroupByKey(2).MapValues(values => (values.Length, values.Sum())).CollectAsync(), "the job");

        Assert.Equal(Plain().GroupBy(pair => pair.Key, (key, all) => (key, (all.Count(), all.Sum(pair => pair.Value)))).Order(), sums.Order());
        AssertSpilled();
    }

    [Fact]
    public async Task SortBy_MoreThanTheBudget_SpillsAndIsRight()
    {
        await using var context = await NewContextAsync();

        var sorted = context.Range(0, 2 * Count, 4).Map(n => (n * 7919) % 1_000_003).SortBy(n => n, partitionCount: 2);
        var outOfOrder = await Wait.For(sorted.MapPartitions(values => CountOutOfOrder(values)).CollectAsync(), "the job");

        Assert.Equal([0, 0], outOfOrder.Select(pair => pair.OutOfOrder));
        Assert.Equal(Enumerable.Range(0, 2 * Count).Sum(n => n * 7919L % 1_000_003), outOfOrder.Sum(pair => pair.Sum));
        AssertSpilled();
    }

    [Theory]
    [InlineData("inner")]
    [InlineData("left")]
    [InlineData("right")]
    [InlineData("full")]
    public async Task Join_LeftSideLargerThanTheBudget_SpillsAndIsRight(string kind)
    {
        await using var context = await NewContextAsync();
        var left = context.Range(0, Count, 4).Map(n => (n % KeyCount, n));
        var right = context.Range(KeyCount / 2, Count, 4).Map(n => (n % KeyCount + (n % 2 == 0 ? 0 : KeyCount), -n));
        var expected = PlainJoin(
            Enumerable.Range(0, Count).Select(n => ((long)n % KeyCount, (long)n)),
            Enumerable.Range(KeyCount / 2, Count).Select(n => ((long)n % KeyCount + (n % 2 == 0 ? 0 : KeyCount), -(long)n)),
            kind);

        // A sum over all pairs, in which order they may come.
        var sums = kind switch
        {
            "inner" => await Checks(left.Join(right, 2).Map(pair => (pair.Item1, pair.Item2.Item1, pair.Item2.Item2))),
            "left" => await Checks(left.LeftOuterJoin(right, 2).Map(pair => (pair.Item1, pair.Item2.Item1, (long)pair.Item2.Item2.GetValueOrDefault()))),
            "right" => await Checks(left.RightOuterJoin(right, 2).Map(pair => (pair.Item1, (long)pair.Item2.Item1.GetValueOrDefault(), pair.Item2.Item2))),
            _ => await Checks(left.FullOuterJoin(right, 2).Map(pair => (pair.Item1, (long)pair.Item2.Item1.GetValueOrDefault(), (long)pair.Item2.Item2.GetValueOrDefault()))),
        };

        Assert.Equal(expected, sums);
        AssertSpilled();
    }

    [Fact]
    public async Task GroupWith_LeftSideLargerThanTheBudget_SpillsAndIsRight()
    {
        await using var context = await NewContextAsync();
        var left = context.Range(0, Count, 4).Map(n => (n % KeyCount, n));
        var right = context.Range(0, Count / 2, 4).Map(n => (n % (KeyCount * 2), -n));

        var groups = await Wait.For(left.GroupWith(right, 2).Map(pair => (pair.Item1, pair.Item2.Item1.Sum(), pair.Item2.Item2.Sum())).CollectAsync(), "the job");

        var lefts = Enumerable.Range(0, Count).ToLookup(n => n % KeyCount, n => (long)n);
        var rights = Enumerable.Range(0, Count / 2).ToLookup(n => n % (KeyCount * 2), n => -(long)n);
        Assert.Equal(lefts.Select(group => group.Key).Union(rights.Select(group => group.Key)).Select(key => ((long)key, lefts[key].Sum(), rights[key].Sum())).Order(), groups.Order());
        AssertSpilled();
    }

    [Fact]
    public async Task CachedPartitionsAndAShuffle_TogetherMoreThanTheBudget_AreRight()
    {
        await using var context = await NewContextAsync();
        var cached = context.Range(0, Count, 8).Map(n => (n % KeyCount, n)).Persist(StorageLevel.MemoryAndDisk);
        Assert.Equal(Count, await Wait.For(cached.CountAsync(), "caching"));

        for (var round = 0; round < 2; round++)
        {
            var sums = await Wait.For(cached.Map(pair => (pair.Item1 * Step, pair.Item2)).ReduceByKey((a, b) => a + b, 2).CollectAsync(), "the shuffle");
            Assert.Equal(Plain().GroupBy(pair => pair.Key * Step, (key, all) => (key, all.Sum(pair => pair.Value))).Order(), sums.Order());
        }

        Assert.Equal(Count, await Wait.For(cached.CountAsync(), "the cached partitions"));
        AssertSpilled();
    }

    [Fact]
    public async Task BroadcastsResultsAndAShuffle_TogetherMoreThanTheBudget_AreRight()
    {
        await using var context = await NewContextAsync();

        // Each takes more than a quarter of the budget decoded, and as much again in pieces.
        var tables = Enumerable.Range(1, 3).Select(factor => context.Broadcast(Enumerable.Range(0, 600_000).Select(n => (long)n * factor).ToArray())).ToArray();
        for (var i = 0; i < tables.Length; i++)
        {
            var table = tables[i];
            var sums = await Wait.For(Pairs(context).Map(pair => (pair.Key * Step, pair.Value + table.Value[pair.Key])).ReduceByKey((a, b) => a + b, 2).CollectAsync(), "the job");
            var factor = i + 1;
            Assert.Equal(Plain().GroupBy(pair => pair.Key * Step, (key, all) => (key, all.Sum(pair => pair.Value + (pair.Key * factor)))).Order(), sums.Order());
        }

        AssertSpilled();
    }

    private async Task<DparkContext> NewContextAsync()
    {
        var options = new LocalOptions { SlotCount = 2, ConfigureWorker = worker => worker.Memory.BudgetBytes = Budget };
        options.Client.Listeners.Add(this);
        return await DparkContext.LocalAsync(options);
    }

    private void AssertSpilled() => Assert.True(_jobs.Sum(job => job.Metrics.SpilledBytes) > 0, "Nothing was spilled.");

    private static Rdd<(long Key, long Value)> Pairs(DparkContext context) => context.Range(0, Count, 4).Map(n => (n % KeyCount, n));

    private static IEnumerable<(long Key, long Value)> Plain() => Enumerable.Range(0, Count).Select(n => ((long)n % KeyCount, (long)n));

    private static IEnumerable<(long OutOfOrder, long Sum)> CountOutOfOrder(IEnumerable<long> values)
    {
        var (last, outOfOrder, sum) = (long.MinValue, 0L, 0L);
        foreach (var value in values)
        {
            outOfOrder += value < last ? 1 : 0;
            sum += value;
            last = value;
        }

        yield return (outOfOrder, sum);
    }

    private static async Task<(long Count, long Sum)> Checks(Rdd<(long Key, long Left, long Right)> pairs)
    {
        var rows = await Wait.For(pairs.MapPartitions(Sums).CollectAsync(), "the join");
        return (rows.Sum(row => row.Count), rows.Aggregate(0L, (sum, row) => unchecked(sum + row.Sum)));
    }

    private static IEnumerable<(long Count, long Sum)> Sums(IEnumerable<(long Key, long Left, long Right)> rows)
    {
        yield return Fold(rows);
    }

    private static (long Count, long Sum) Fold(IEnumerable<(long Key, long Left, long Right)> rows) => rows.Aggregate(
        (Count: 0L, Sum: 0L),
        (total, row) => (total.Count + 1, unchecked(total.Sum + ((row.Key * 31) ^ (row.Left * 1_000_003) ^ (row.Right * 7)))));

    private static (long Count, long Sum) PlainJoin(IEnumerable<(long Key, long Value)> left, IEnumerable<(long Key, long Value)> right, string kind)
    {
        var lefts = left.ToLookup(pair => pair.Key, pair => pair.Value);
        var rights = right.ToLookup(pair => pair.Key, pair => pair.Value);
        var rows = lefts.Select(values => values.Key).Union(rights.Select(values => values.Key)).SelectMany(key =>
            (lefts.Contains(key) ? lefts[key] : kind is "right" or "full" ? [0L] : []).SelectMany(one =>
                (rights.Contains(key) ? rights[key] : kind is "left" or "full" ? [0L] : []).Select(other => (key, one, other))));
        return Fold(rows);
    }
}
