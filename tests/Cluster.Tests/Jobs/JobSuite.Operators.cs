using Dpark.Rdds;

namespace Dpark.Jobs;

public abstract partial class JobSuite
{
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task MapFilterFlatMap_Chain_AsLinq(int slices)
    {
        var words = await Context.Parallelize(Numbers, slices).Filter(n => n % 3 != 0).Map(n => n * 2L).FlatMap(n => new[] { n, -n }).CollectAsync();

        Assert.Equal(Numbers.Where(n => n % 3 != 0).Select(n => n * 2L).SelectMany(n => new[] { n, -n }), words);
    }

    [Fact]
    public async Task MapPartitions_SeesEachPartitionOnce()
    {
        var sums = await Context.Parallelize(Numbers, 4).MapPartitionsWithIndex((index, elements) => new[] { (index, elements.Sum()) }).CollectAsync();

        Assert.Equal(Numbers.Chunk(250).Select((chunk, index) => (index, chunk.Sum())), sums);
    }

    [Fact]
    public async Task ReduceByKey_AsLinq()
    {
        var sums = await Context.Parallelize(Pairs, 5).ReduceByKey((a, b) => a + b, 3).CollectAsync();

        AssertSame(Pairs.GroupBy(pair => pair.Key).Select(group => (group.Key, group.Sum(pair => pair.Value))), sums);
    }

    [Fact]
    public async Task GroupByKey_AsLinq()
    {
        var groups = await Context.Parallelize(Pairs, 5).GroupByKey(4).CollectAsync();

        AssertSame(
            Pairs.GroupBy(pair => pair.Key).Select(group => (group.Key, string.Join(',', group.Select(pair => pair.Value).Order()))),
            groups.Select(group => (group.Key, string.Join(',', group.Values.Order()))));
    }

    [Fact]
    public async Task Join_AsLinq()
    {
        var joined = await Context.Parallelize(Pairs, 5).Join(Context.Parallelize(Names, 2), 3).CollectAsync();

        AssertSame(
            Pairs.Join(Names, pair => pair.Key, name => name.Key, (pair, name) => (pair.Key, (pair.Value, name.Value))),
            joined.Select(row => (row.Key, (row.Value.Left, row.Value.Right))));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1L << 40)]
    public async Task Join_SumsOnTheRight_AsLinq(long step)
    {
        (long Key, int Value)[] numbers = [.. Enumerable.Range(0, 9_000).Select(i => ((i % 3_000) * step, i))];
        (long Key, string Value)[] texts = [.. Enumerable.Range(-5, 4_000).Select(i => ((i % 3_500) * step, $"text {i}"))];
        var sums = Context.Parallelize(numbers, 3).ReduceByKey((a, b) => a + b, 2);
        var left = Context.Parallelize(texts, 2);

        var joined = await left.Join(sums, 2).CollectAsync();
        var mapped = await left.LeftOuterJoin(sums.MapValues(sum => sum + 1).MapValues(sum => 2 * sum), 2).CollectAsync();
        var typed = await left.RightOuterJoin(sums.MapValues(sum => sum + 0.5), 2).CollectAsync();
        var filtered = await left.Join(sums.Filter(pair => pair.Value % 2 == 0), 2).CollectAsync();

        var expected = numbers.GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value));
        var lefts = texts.ToLookup(pair => pair.Key, pair => (string?)pair.Value);
        AssertSame(texts.Where(pair => expected.ContainsKey(pair.Key)).Select(pair => (pair.Key, (pair.Value, expected[pair.Key]))), joined);
        AssertSame(texts.Select(pair => (pair.Key, (pair.Value, expected.TryGetValue(pair.Key, out var sum) ? 2 * (sum + 1) : (int?)null))), mapped);
        AssertSame(expected.SelectMany(pair => lefts[pair.Key].DefaultIfEmpty().Select(text => (pair.Key, (text, pair.Value + 0.5)))), typed);
        AssertSame(
            texts.Where(pair => expected.TryGetValue(pair.Key, out var sum) && sum % 2 == 0).Select(pair => (pair.Key, (pair.Value, expected[pair.Key]))), filtered);
    }

    [Fact]
    public async Task Join_FunctionOfSumsOnTheRightThrows_FailsWithItsException()
    {
        var sums = Context.Parallelize(Enumerable.Range(0, 10).Select(i => ((long)i, i)), 2).ReduceByKey((a, b) => a + b, 2);
        var left = Context.Parallelize([(3L, "a")], 1);

        var failure = await Assert.ThrowsAnyAsync<Exception>(() =>
            left.Join(sums.MapValues(sum => sum == 7 ? throw new InvalidTimeZoneException("seven") : sum), 2).CollectAsync());

        Assert.Contains("seven", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Join_WithItself_AsLinq()
    {
        var rdd = Context.Parallelize(Pairs.Take(100), 3);

        var joined = await rdd.Join(rdd, 2).CountAsync();

        Assert.Equal(Pairs.Take(100).Join(Pairs.Take(100), a => a.Key, b => b.Key, (a, b) => a).Count(), joined);
    }

    [Fact]
    public async Task Union_KeepsOrderAndRepetitions()
    {
        var rdd = Context.Parallelize(Numbers, 3);

        Assert.Equal(Numbers.Concat(Numbers), await rdd.Union(rdd).CollectAsync());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task SortBy_IsStable(bool descending)
    {
        var sorted = await Context.Parallelize(Pairs, 6).SortBy(pair => pair.Value % 10, descending, 4).CollectAsync();

        Assert.Equal(descending ? Pairs.OrderByDescending(pair => pair.Value % 10) : Pairs.OrderBy(pair => pair.Value % 10), sorted);
    }

    [Fact]
    public async Task MapValuesKeysValues_AsLinq()
    {
        var rdd = Context.Parallelize(Pairs, 3).MapValues(value => value + 0.5);

        Assert.Equal(Pairs.Select(pair => (pair.Key, pair.Value + 0.5)), await rdd.CollectAsync());
        Assert.Equal(Pairs.Select(pair => pair.Key), await rdd.Keys().CollectAsync());
        Assert.Equal(Pairs.Select(pair => pair.Value + 0.5), await rdd.Values().CollectAsync());
    }

    [Fact]
    public async Task DistinctGroupByCoalesceGlomZip_AsLinq()
    {
        var rdd = Context.Parallelize(Numbers.Select(n => n % 50), 6);

        AssertSame(Enumerable.Range(0, 50), await rdd.Distinct(3).CollectAsync());
        AssertSame(Enumerable.Range(0, 5).Select(key => (key, 0)), (await rdd.GroupBy(n => n % 5, 2).CollectAsync()).Select(group => (group.Key, group.Values.Count(n => n % 5 != group.Key))));
        Assert.Equal(Numbers.Select(n => n % 50), await rdd.Coalesce(2).CollectAsync());
        Assert.Equal(2, (await rdd.Coalesce(2).Glom().CollectAsync()).Length);
        Assert.Equal(Numbers.Select((n, i) => (n % 50, (long)i)), await rdd.ZipWithIndex().CollectAsync());
    }

    [Fact]
    public async Task QuerySyntax_AsLinq()
    {
        var query =
            from number in Context.Parallelize(Numbers, 3)
            where number > 500
            orderby number
            select number * 2;

        Assert.Equal(from number in Numbers where number > 500 orderby number select number * 2, await query.CollectAsync());
    }

    [Fact]
    public async Task Cache_SecondJob_SameElements()
    {
        var cached = Context.Parallelize(Numbers, 4).Map(n => Guid.NewGuid()).Cache();

        var first = await cached.CollectAsync();

        Assert.Equal(first, await cached.CollectAsync());
        Assert.Equal(Numbers.Length, first.Distinct().Count());
    }

    [Theory]
    [InlineData(Dpark.Caching.StorageLevel.Serialized)]
    [InlineData(Dpark.Caching.StorageLevel.Disk)]
    [InlineData(Dpark.Caching.StorageLevel.MemoryAndDisk)]
    [InlineData(Dpark.Caching.StorageLevel.SerializedAndDisk)]
    public async Task Persist_SecondJob_SameElementsUntilItIsUnpersisted(Dpark.Caching.StorageLevel level)
    {
        var kept = Context.Parallelize(Numbers, 4).Map(n => Guid.NewGuid()).Persist(level);
        var first = await kept.CollectAsync();

        Assert.Equal(first, await kept.CollectAsync());
        await kept.UnpersistAsync();

        Assert.Empty(first.Intersect(await kept.CollectAsync()));
    }

    [Fact]
    public async Task Parallelize_SlicesLargerThanAMessage_AreAllThere()
    {
        var numbers = new long[1_500_000];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = i * 7919L % 1_000_003;
        }

        var rdd = Context.Parallelize(numbers, 2);

        Assert.Equal(numbers.Sum(), await rdd.ReduceAsync((a, b) => a + b));
        Assert.Equal(numbers.Max(), await rdd.ReduceAsync((a, b) => Math.Max(a, b)));
    }

    [Fact]
    public async Task CapturedValue_LargerThanAPiece_IsTheSameEverywhere()
    {
        var table = new byte[10_000_000];
        new Random(3).NextBytes(table);

        var sums = await Context.Range(0, 6, 6).Map(_ => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(table))).Distinct().CollectAsync();

        Assert.Single(sums);
    }

    [Fact]
    public async Task LongLineage_ManyShuffles_IsRight()
    {
        var rdd = Context.Parallelize(Pairs, 2);
        for (var i = 0; i < 10; i++)
        {
            rdd = rdd.MapValues(value => value + 1).ReduceByKey((a, b) => Math.Max(a, b), 2 + (i % 2));
        }

        AssertSame(Pairs.GroupBy(pair => pair.Key).Select(group => (group.Key, group.Max(pair => pair.Value) + 10)), await rdd.CollectAsync());
    }

    [Fact]
    public async Task EveryOperator_NoElements_GivesNone()
    {
        var empty = Context.Parallelize(Array.Empty<(string Key, int Value)>(), 3);

        Assert.Empty(await empty.Map(pair => pair.Value).Filter(n => n > 0).FlatMap(n => new[] { n }).CollectAsync());
        Assert.Empty(await empty.ReduceByKey((a, b) => a + b, 2).CollectAsync());
        Assert.Empty(await empty.GroupByKey(2).CollectAsync());
        Assert.Empty(await empty.Join(empty, 2).CollectAsync());
        Assert.Empty(await empty.SortBy(pair => pair.Value, partitionCount: 2).CollectAsync());
        Assert.Empty(await empty.Union(empty).Cache().CollectAsync());
        Assert.Empty(await empty.TakeAsync(3));
        Assert.Empty(await empty.TopAsync(3, by: pair => pair.Value));
        Assert.Equal(0, await empty.CountAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => empty.Values().ReduceAsync((a, b) => a + b));
    }

    [Fact]
    public async Task EveryOperator_NoPartitions_GivesNone()
    {
        var none = Context.Union(Array.Empty<Rdd<(string Key, int Value)>>());

        Assert.Empty(await none.Map(pair => pair.Value).CollectAsync());
        Assert.Empty(await none.ReduceByKey((a, b) => a + b, 2).CollectAsync());
        Assert.Empty(await none.GroupByKey(2).CollectAsync());
        Assert.Empty(await none.Join(none, 2).CollectAsync());
        Assert.Empty(await none.SortBy(pair => pair.Value, partitionCount: 2).CollectAsync());
        Assert.Equal(0, await none.CountAsync());
        Assert.Empty(await none.TakeAsync(3));
    }

    [Fact]
    public async Task MorePartitionsThanElements_IsRight()
    {
        var few = Context.Parallelize([("a", 1), ("b", 2), ("a", 3)], 20);

        AssertSame([("a", 4), ("b", 2)], await few.ReduceByKey((a, b) => a + b, 30).CollectAsync());
        Assert.Equal([("a", 1), ("b", 2), ("a", 3)], await few.SortBy(pair => pair.Item2, partitionCount: 10).CollectAsync());
    }

    [Fact]
    public async Task OneHugeRecord_TravelsEverywhere()
    {
        var huge = new string('x', 5_000_000);
        var rdd = Context.Parallelize([1, 2], 2).Map(n => (n % 1, new string('x', 5_000_000)));

        var grouped = await rdd.GroupByKey(1).CollectAsync();

        Assert.Equal([huge, huge], Assert.Single(grouped).Values);
    }
}
