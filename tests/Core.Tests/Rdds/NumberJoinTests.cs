using Dpark.Rdds;
using Dpark.TestKit.Rdds;

namespace Dpark.Tests.Rdds;

/// <summary>Joins with numbers on one side, whose pairs are looked up by key as long as no key comes twice: the result is that of LINQ whatever the keys look like.</summary>
public sealed class NumberJoinTests
{
    private const int Many = 3 * BatchReader.Capacity;

    private readonly InlineRddContext _dpark = new();

    public static TheoryData<string, long[]> LeftKeys() => new()
    {
        { "none", [] },
        { "0 alone", [0] },
        { "close together", [.. Enumerable.Range(-500, Many).Select(number => (long)number)] },
        { "far apart", [0, long.MinValue, long.MaxValue, .. Enumerable.Range(1, Many).Select(number => (long)number << 40)] },
        { "close together, then far apart", [.. Enumerable.Range(0, Many).Select(number => (long)number), .. Enumerable.Range(1, 100).Select(number => (long)number << 40)] },
        { "the last one twice", [.. Enumerable.Range(0, Many).Select(number => (long)number), Many - 1] },
        { "each twice", [.. Enumerable.Range(0, Many).Select(number => (long)number / 2)] },
    };

    [Theory]
    [MemberData(nameof(LeftKeys))]
    public async Task Join_LeftKeysOfAnyPattern_AsLinq(string pattern, long[] leftKeys)
    {
        Assert.NotEmpty(pattern);
        var (left, right) = Sides(leftKeys);

        var joined = await Rdd(left).Join(Rdd(right)).CollectAsync();

        var expected = left.Join(right, pair => pair.Key, pair => pair.Key, (a, b) => (a.Key, (Left: a.Value, Right: b.Value)));
        Assert.Equal(expected.Order(), joined.Order());
    }

    [Theory]
    [MemberData(nameof(LeftKeys))]
    public async Task FullOuterJoin_LeftKeysOfAnyPattern_AsLinq(string pattern, long[] leftKeys)
    {
        Assert.NotEmpty(pattern);
        var (left, right) = Sides(leftKeys);

        var joined = await Rdd(left).FullOuterJoin(Rdd(right)).CollectAsync();

        var rights = right.ToLookup(pair => pair.Key, pair => (int?)pair.Value);
        var lefts = left.ToLookup(pair => pair.Key, pair => (int?)pair.Value);
        var expected = lefts.Select(group => group.Key).Union(rights.Select(group => group.Key)).SelectMany(key =>
            lefts[key].DefaultIfEmpty().SelectMany(a => rights[key].DefaultIfEmpty().Select(b => (key, (Left: a, Right: b)))));
        Assert.Equal(expected.Order(), joined.Order());
    }

    [Theory]
    [MemberData(nameof(LeftKeys))]
    public async Task Join_NumbersOnTheRightOnly_AsLinq(string pattern, long[] rightKeys)
    {
        Assert.NotEmpty(pattern);
        var (right, left) = Sides(rightKeys);

        var joined = await Texts(left).Join(Rdd(right)).CollectAsync();

        var expected = left.Join(right, pair => pair.Key, pair => pair.Key, (a, b) => (a.Key, (Left: $"{a.Value}", Right: b.Value)));
        Assert.Equal(expected.Order(), joined.Order());
    }

    [Theory]
    [MemberData(nameof(LeftKeys))]
    public async Task OuterJoins_NumbersOnTheRightOnly_AsLinq(string pattern, long[] rightKeys)
    {
        Assert.NotEmpty(pattern);
        var (right, left) = Sides(rightKeys);

        var joined = await Texts(left).LeftOuterJoin(Rdd(right)).CollectAsync();
        var joinedOnTheRight = await Texts(left).RightOuterJoin(Rdd(right)).CollectAsync();

        var lefts = left.ToLookup(pair => pair.Key, pair => (string?)$"{pair.Value}");
        var rights = right.ToLookup(pair => pair.Key, pair => (int?)pair.Value);
        Assert.Equal(left.SelectMany(pair => rights[pair.Key].DefaultIfEmpty().Select(b => (pair.Key, (Left: $"{pair.Value}", Right: b)))).Order(), joined.Order());
        Assert.Equal(right.SelectMany(pair => lefts[pair.Key].DefaultIfEmpty().Select(a => (pair.Key, (Left: a, Right: pair.Value)))).Order(), joinedOnTheRight.Order());
    }

    [Fact]
    public async Task Join_RightNumbersAreTooManyForATable_AsLinq()
    {
        // More than 64 MiB in one partition.
        const int Count = 5_000_000;
        var right = _dpark.Range(0, Count, 1).Map(number => ((long)number, (long)number));
        var left = _dpark.Parallelize([(3L, "a"), (Count - 1L, "b"), (Count + 7L, "c"), (3L, "d")], 1);

        var joined = await left.Join(right, partitionCount: 1).CollectAsync();

        Assert.Equal([(3L, ("a", 3L)), (3L, ("d", 3L)), (Count - 1L, ("b", Count - 1L))], joined.Order());
    }

    /// <param name="count">Ids on the right, of which every third is missing, 8 bytes each: a table of 80 kB, and one of 3.2 MB, which is more than a core's cache has.</param>
    [Theory]
    [InlineData(10_000)]
    [InlineData(400_000)]
    public async Task Join_RightIdsLieCloseTogetherWithGaps_AsLinq(int count)
    {
        var right = _dpark.Range(0, count, 1).Filter(number => number % 3 != 0).Map(number => ((long)number, -(long)number));
        var left = _dpark.Range(0, 50_000, 1).Map(number => (number * 7_919L % (count + 1_000), $"{number}"));

        var joined = await left.Join(right, partitionCount: 1).CollectAsync();

        Assert.Equal(
            Enumerable.Range(0, 50_000).Select(number => (Key: number * 7_919L % (count + 1_000), Text: $"{number}"))
                .Where(pair => pair.Key < count && pair.Key % 3 != 0).Select(pair => (pair.Key, (pair.Text, -pair.Key))).Order(),
            joined.Order());
    }

    [Fact]
    public async Task LeftOuterJoin_NoRightPairs_GivesEachLeftPairOnce()
    {
        var (left, _) = Sides([.. Enumerable.Range(0, Many).Select(number => (long)number)]);

        var joined = await Rdd(left).LeftOuterJoin(Rdd([])).CollectAsync();

        Assert.Equal(left.Select(pair => (pair.Key, (pair.Value, (int?)null))).Order(), joined.Order());
    }

    // Right keys: some of the left ones several times, and others.
    private static ((long Key, int Value)[] Left, (long Key, int Value)[] Right) Sides(long[] leftKeys) => (
        [.. leftKeys.Select((key, i) => (key, i))],
        [.. leftKeys.Where((_, i) => i % 3 == 0).SelectMany((key, i) => Enumerable.Repeat(key, 1 + (i % 4))).Concat([-1_000_000, 7L << 50, 0]).Select((key, i) => (key, -i))]);

    private Rdd<(long Key, string Value)> Texts((long Key, int Value)[] pairs) => _dpark.Parallelize(pairs, 2).MapValues(value => $"{value}");

    private Rdd<(long Key, int Value)> Rdd((long Key, int Value)[] pairs) => _dpark.Parallelize(pairs, 2);
}
