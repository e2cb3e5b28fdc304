using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.TestKit.Rdds;

namespace Dpark.Tests.Rdds;

/// <summary>Joins whose pairs go to the function of a <c>FlatMap</c> one by one, if the right side is a near table, or by batches: the result is that of LINQ either way.</summary>
public sealed class FedJoinTests
{
    private readonly InlineRddContext _dpark = new();

    public static TheoryData<string, int, int> Shapes => new()
    {
        { "nothing", 0, 10 },
        { "less than a batch", 100, 100 },
        { "several batches", (3 * BatchReader.Capacity) + 7, 2_000 },
        { "no partners", 2_000, 0 },
        { "a table too large to be near", 5_000, 600_000 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task FlatMap_OfAJoin_AsLinq(string shape, int leftCount, int rightCount)
    {
        Assert.NotEmpty(shape);

        var emitted = await Expand(Left(leftCount), rightCount).CollectAsync();

        Assert.Equal(Expected(leftCount, rightCount), emitted);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public async Task FlatMap_OfAJoinWithCachedPairs_AsLinqEachTime(string shape, int leftCount, int rightCount)
    {
        Assert.NotEmpty(shape);
        var left = Left(leftCount).PartitionBy(new HashPartitioner(1)).Cache();
        await left.CountAsync();

        var first = await Expand(left, rightCount).CollectAsync();
        var second = await Expand(left, rightCount).CollectAsync();

        Assert.Equal(Expected(leftCount, rightCount), first);
        Assert.Equal(first, second);
    }

    [Fact]
    public async Task FlatMap_OfAJoin_OnePairMakesManyBatches_AllComeInOrder()
    {
        const int Many = (3 * BatchReader.Capacity) + 1;

        var emitted = await Left(2_000).Join(Right(2_000), partitionCount: 1)
            .FlatMap<(long, int)>((pair, output) => output.AddPairs(Enumerable.Repeat(pair.Key, ManyOf(pair.Key)).ToArray(), pair.Value.Left.Length)).CollectAsync();

        Assert.Equal(Enumerable.Range(0, 2_000).SelectMany(key => Enumerable.Repeat(((long)key, $"{key}".Length), ManyOf(key))), emitted);

        static int ManyOf(long key) => key % 100 == 0 ? Many : 1;
    }

    [Fact]
    public async Task FlatMap_OfAnOuterJoin_HasPairsWithoutPartners()
    {
        var emitted = await Left(3_000).LeftOuterJoin(Right(10), partitionCount: 1)
            .FlatMap<(long, long)>((pair, output) => output.Add((pair.Key, pair.Value.Right ?? -1))).CollectAsync();

        Assert.Equal(Enumerable.Range(0, 3_000).Select(key => ((long)key, key < 10 ? key * 2L : -1)), emitted);
    }

    [Fact]
    public async Task FlatMap_OfAJoin_FunctionThrows_NamesItAndNotTheJoin()
    {
        var joined = Left(2_000).Join(Right(2_000), partitionCount: 1);
        var expanded = joined.FlatMap<long>((pair, _) => throw new InvalidTimeZoneException($"{pair.Key}"));

        await Assert.ThrowsAnyAsync<Exception>(() => expanded.CollectAsync());

        Assert.Equal(expanded.CallSite, _dpark.Tasks[^1].RunningOperator);
    }

    private Rdd<(long Key, string Value)> Left(int count) => _dpark.Range(0, count, 1).Map(number => (number, $"{number}"));

    private Rdd<(long Key, long Value)> Right(int count) => _dpark.Range(0, count, 1).Map(number => (number, number * 2));

    private Rdd<(long, long)> Expand(Rdd<(long Key, string Value)> left, int rightCount) => left.Join(Right(rightCount), partitionCount: 1).FlatMap<(long, long)>((pair, output) =>
    {
        for (var i = 0; i < CountOf(pair.Key); i++)
        {
            output.Add((pair.Key, pair.Value.Right + pair.Value.Left.Length + i));
        }
    });

    private static IEnumerable<(long, long)> Expected(int leftCount, int rightCount) => Enumerable.Range(0, Math.Min(leftCount, rightCount))
        .SelectMany(key => Enumerable.Range(0, CountOf(key)).Select(i => ((long)key, (key * 2L) + $"{key}".Length + i)));

    // Some make more than a batch, so that what is left of the pairs has to wait.
    private static int CountOf(long key) => key % 7 == 3 ? BatchReader.Capacity + 1 : (int)(key % 3);
}
