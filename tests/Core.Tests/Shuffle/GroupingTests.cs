using Dpark.Partitioning;

namespace Dpark.Shuffle;

/// <summary>Groups that fit into memory: all values of a key, in the order in which they came, whatever is known about how many there are.</summary>
public sealed class GroupingTests
{
    private const int KeyCount = 3_000;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(500)]
    [InlineData(100_000)]
    public void ReadGrouped_AnyNumberOfPairs_EachKeyHasItsValuesInOrder(int count)
    {
        AssertGrouped(Pairs(count, i => i % KeyCount, i => i));
        AssertGrouped(Pairs(count, i => i % KeyCount * 0x1E37_79B9_7F4A_7C15, i => (int)i));
        AssertGrouped(Pairs(count, i => $"key {i % KeyCount}", i => (i, -i)));
        AssertGrouped(Pairs(count, i => (int)(i % KeyCount), i => $"value {i}"));
    }

    // The share of the bytes says too little for one bucket and too much for the other.
    [Fact]
    public void ReadGrouped_PairsOfOneBucketAreShort_EachKeyHasItsValuesInOrder()
    {
        const int BucketCount = 2;
        var random = new Random(2);
        var partitioner = new HashPartitioner(BucketCount);
        var partitions = new int[KeyCount];
        partitioner.PartitionsOf<long>([.. Enumerable.Range(0, KeyCount).Select(key => (long)key)], partitions);
        var pairs = Pairs(200_000, i => i % KeyCount, i => partitions[i % KeyCount] == 0 ? 1 : random.NextInt64());
        using var rig = new ShuffleRig();
        rig.Write(0, pairs, BucketCount);
        var context = rig.NewContext();

        var expectedPairs = rig.Store.Measure(rig.Shuffle, 0, MapRange.All, context).PairCount;
        Assert.InRange(expectedPairs, 1, pairs.Count(pair => partitions[pair.Key] == 0) / 2);
        for (var bucket = 0; bucket < BucketCount; bucket++)
        {
            AssertEqual(pairs.Where(pair => partitions[pair.Key] == bucket), rig.ReadGrouped<long, long>(bucket, context));
        }
    }

    private static (TKey Key, TValue Value)[] Pairs<TKey, TValue>(int count, Func<long, TKey> keyOf, Func<long, TValue> valueOf) =>
        [.. Enumerable.Range(0, count).Select(i => (keyOf(i), valueOf(i)))];

    private static void AssertGrouped<TKey, TValue>((TKey Key, TValue Value)[] pairs)
        where TKey : notnull
    {
        using var rig = new ShuffleRig();
        rig.Write(0, pairs[..(pairs.Length / 3)], bucketCount: 1);
        rig.Write(1, pairs[(pairs.Length / 3)..], bucketCount: 1);
        var context = rig.NewContext();

        AssertEqual(pairs, rig.ReadGrouped<TKey, TValue>(0, context));
        Assert.Equal(0, context.Metrics.SpilledBytes);
    }

    private static void AssertEqual<TKey, TValue>(IEnumerable<(TKey Key, TValue Value)> pairs, List<(TKey Key, TValue[] Values)> groups)
        where TKey : notnull
    {
        var expected = pairs.GroupBy(pair => pair.Key, pair => pair.Value).ToDictionary(group => group.Key, group => group.ToArray());
        Assert.Equal(expected.Count, groups.Count);
        Assert.All(groups, group => Assert.Equal(expected[group.Key], group.Values));
    }
}
