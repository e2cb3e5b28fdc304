namespace Dpark.Partitioning;

public sealed class SkewSizingTests
{
    private static readonly SkewLimits Limits = new(JoinSides.Both, Factor: 5, LeastBytes: 100, PartBytes: 50, MostParts: 8);

    [Fact]
    public void Find_OneLargePartition_IsCutIntoPartsOfThatSize()
    {
        var found = SkewSizing.Find([1, 1, 1, 1], [10, 320, 20, 10], Limits);

        Assert.Equal([new SkewedPartition(1, LeftParts: 1, RightParts: 7, Bytes: 320, MedianBytes: 10)], found);
    }

    [Fact]
    public void Find_OneOfTwo_IsCut() => Assert.Equal(1, Assert.Single(SkewSizing.Find([10, 900], [0, 0], Limits)).Partition);

    [Theory]
    [InlineData(100, 10, 0)]
    [InlineData(101, 10, 1)]
    [InlineData(500, 100, 0)]
    [InlineData(501, 100, 1)]
    [InlineData(101, 0, 1)]
    public void Find_AtTheLimits_MustBeExceeded(long bytes, long others, int expected) =>
        Assert.Equal(expected, SkewSizing.Find([others, bytes, others], [0, 0, 0], Limits).Count);

    [Theory]
    [InlineData(3, true)]
    [InlineData(2, true)]
    [InlineData(1, false)]
    [InlineData(0, false)]
    public void Find_SmallerSide_IsNotCutAlone(int sides, bool isCut)
    {
        var found = SkewSizing.Find([1, 800, 1], [1, 900, 1], Limits with { Sides = (JoinSides)sides });

        Assert.Equal<IEnumerable<(int, int)>>(isCut ? [(1, 8)] : [], found.Select(cut => (cut.LeftParts, cut.RightParts)));
    }

    [Fact]
    public void Find_BothSkewed_HasNoMorePartsThanSlots()
    {
        var found = Assert.Single(SkewSizing.Find([1, 150, 1], [1, 140, 1], Limits));
        Assert.Equal((3, 2), (found.LeftParts, found.RightParts));

        Assert.All(Enumerable.Range(1, 40), slots =>
        {
            var cuts = SkewSizing.Find([1, 1_000, 1], [1, 900, 1], Limits with { MostParts = slots });
            Assert.All(cuts, cut => Assert.InRange(cut.LeftParts * cut.RightParts, 2, slots));
            Assert.Equal(slots > 1, cuts.Count == 1);
        });
    }

    [Fact]
    public void MedianOf_EvenNumber_IsTheSmallerOne()
    {
        Assert.Equal([0L, 7, 3, 5], new[] { SkewSizing.MedianOf([]), SkewSizing.MedianOf([7]), SkewSizing.MedianOf([9, 3]), SkewSizing.MedianOf([9, 1, 5]) });
    }
}
