using Dpark.Rdds;

namespace Dpark.Tests.Rdds;

/// <summary>
/// DPark's own tests of RDDs without shuffles (<c>tests/test_rdd.py</c>), under their names, as far as the operators exist. Each kind of context runs them.
/// </summary>
/// <remarks>
/// <para>Ported: <c>parallel_collection</c>, <c>basic</c>, <c>empty_rdd</c>, <c>iter</c>, <c>long_recursion</c>, <c>enumerations</c>.</para>
/// <para>Not yet, because the operator does not exist: <c>pipe</c> and <c>zipWith</c> of <c>basic</c>, <c>ignore_bad_record</c>, <c>checkpoint</c>,
/// <c>checkpoint_partial</c>, <c>long_lineage</c> (of checkpoints), <c>accumulater</c>, <c>batch</c>.</para>
/// </remarks>
public abstract class DparkRddTests
{
    /// <summary>What the tests run on.</summary>
    protected abstract IRddContext Dpark { get; }

    [Fact]
    public async Task ParallelCollection_FiveElementsInThreeSlices_TwoTwoOne()
    {
        var slices = Dpark.Parallelize(Enumerable.Range(0, 5), 3).Glom();

        await RddAssert.EqualAsync([[0, 1], [2, 3], [4]], slices.CollectAsync());
    }

    [Fact]
    public async Task Basic_FourNumbersInTwoSlices_EveryOperator()
    {
        var numbers = Dpark.Parallelize(Enumerable.Range(0, 4), 2);

        Assert.Equal(2, numbers.Partitions.Count);
        await RddAssert.EqualAsync([0, 1, 2, 3], numbers.CollectAsync());
        Assert.Equal(6, await numbers.ReduceAsync((a, b) => a + b));
        await RddAssert.EqualAsync(["0", "1", "2", "3"], numbers.Map(x => $"{x}").CollectAsync());
        await RddAssert.EqualAsync([2, 3], numbers.Filter(x => x > 1).CollectAsync());
        await RddAssert.EqualAsync([0, 0, 1, 0, 1, 2], numbers.FlatMap(x => Enumerable.Range(0, x)).CollectAsync());
        await RddAssert.EqualAsync([0, 1, 2, 3, 0, 1, 2, 3], numbers.Union(numbers).CollectAsync());
        await RddAssert.EqualAsync([[0, 1], [2, 3]], numbers.Glom().CollectAsync());
        await RddAssert.EqualAsync([1, 5], numbers.MapPartitions(part => new[] { part.Sum() }).CollectAsync());
        Assert.Equal("0/1/2/3/", await numbers.Map(x => $"{x}/").ReduceAsync((a, b) => a + b));
        var merged = numbers.Coalesce(1);
        Assert.Single(merged.Partitions);
        await RddAssert.EqualAsync([0, 1, 2, 3], merged.CollectAsync());
    }

    [Fact]
    public async Task EmptyRdd_UnionOfNothing_CountsZeroAndSorts()
    {
        var empty = Dpark.Union<int>([]);

        Assert.Empty(empty.Partitions);
        Assert.Equal(0, await empty.CountAsync());
        Assert.Empty(await empty.SortBy(x => x).CollectAsync());
    }

    [Fact]
    public async Task Iter_ThousandNumbersInTenSlices_StreamsInOrder()
    {
        var streamed = new List<int>();

        await foreach (var number in Dpark.Parallelize(Enumerable.Range(0, 1000), 10))
        {
            streamed.Add(number);
        }

        Assert.Equal(Enumerable.Range(0, 1000), streamed);
    }

    [Fact]
    public async Task LongRecursion_ThousandChainedMaps_AddThousand()
    {
        var numbers = Dpark.Parallelize(Enumerable.Range(0, 10), 2);
        for (var i = 0; i < 1000; i++)
        {
            numbers = numbers.Map(x => x + 1);
        }

        await RddAssert.EqualAsync([.. Enumerable.Range(1000, 10)], numbers.CollectAsync());
    }

    [Fact]
    public async Task Enumerations_HundredNumbersInTenSlices_KnowPartitionAndPosition()
    {
        var numbers = Dpark.Parallelize(Enumerable.Range(0, 100), 10);

        var byPartition = await numbers.MapPartitionsWithIndex((index, part) => part.Select(x => (index, x))).CollectAsync();
        var byPosition = await numbers.ZipWithIndex().CollectAsync();

        Assert.Equal(Enumerable.Range(0, 100).Select(i => (i / 10, i)), byPartition);
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (i, (long)i)), byPosition);
    }
}
