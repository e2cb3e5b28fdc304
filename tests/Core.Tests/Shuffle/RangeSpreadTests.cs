using Dpark.TestKit.Rdds;

namespace Dpark.Shuffle;

/// <summary>Sums of ids that do not fit: pairs are spread by ranges of their keys, so that each bucket has a dense table.</summary>
public sealed class RangeSpreadTests
{
    private const int KeyCount = 400_000;

    // What a pair takes in a file: 2 or 4 bytes of the key, 8 of the value.
    private const int MostPairBytes = 13;

    private static readonly Aggregator<long, long> Sum = new(value => value, (sum, value) => sum + value, (left, right) => left + right);

    public enum Order
    {
        Random,
        Ascending,
        Descending,
        TwoPlaces,
        OneHotKey,
        Sparse,
    }

    // Budgets of which a bucket has a part alone, so that it is spread again, and orders in which the first keys say nothing of the others.
    [Theory]
    [InlineData(Order.Random, 1 << 20, 2)]
    [InlineData(Order.Random, 128 << 10, 4)]
    [InlineData(Order.Ascending, 1 << 20, 2)]
    [InlineData(Order.Ascending, 128 << 10, 4)]
    [InlineData(Order.Descending, 1 << 20, 2)]
    [InlineData(Order.Descending, 128 << 10, 4)]
    [InlineData(Order.TwoPlaces, 1 << 20, 3)]
    [InlineData(Order.TwoPlaces, 128 << 10, 4)]
    [InlineData(Order.OneHotKey, 1 << 20, 2)]
    [InlineData(Order.OneHotKey, 128 << 10, 4)]
    [InlineData(Order.Sparse, 1 << 20, 2)]
    [InlineData(Order.Sparse, 128 << 10, 4)]
    public void Combine_IdsDoNotFit_ComeOnceAndAreWrittenAFewTimesAtMost(Order order, long limit, int mostWritten)
    {
        using var rig = new ShuffleRig(options => options.SpillThresholdBytes = limit);
        var context = rig.NewContext();
        var random = new Random(11);
        var pairs = Enumerable.Range(0, 2 * KeyCount).Select(i => (Key: KeyOf(order, i, random), Value: random.NextInt64(1L << 50))).ToArray();
        var expected = new Dictionary<long, long>();
        foreach (var (key, value) in pairs)
        {
            expected[key] = expected.GetValueOrDefault(key) + value;
        }

        using var reader = rig.Store.Combine(BatchListReader<(long Key, long Value)>.Of(pairs), Sum, context);
        var sums = ShuffleRig.ReadAll(reader);

        Assert.Equal(expected.Count, sums.Count);
        Assert.All(sums, pair => Assert.Equal(expected[pair.Key], pair.Value));
        Assert.InRange(context.Metrics.SpilledBytes, 1, (long)mostWritten * pairs.Length * MostPairBytes);
    }

    [Fact]
    public void Combine_KeysOfEachType_ComeOnce()
    {
        AssertSums(i => int.MinValue + i);
        AssertSums(i => int.MaxValue - i);
        AssertSums(i => uint.MaxValue - (uint)i);
        AssertSums(i => (ulong)long.MaxValue - (KeyCount / 2) + (ulong)i);
        AssertSums(i => ulong.MaxValue - (ulong)i);
        AssertSums(i => long.MaxValue - i);
    }

    [Fact]
    public void PartitionsOf_AnyKey_IsOneOfAllBucketsAndNeighboursAreTogether()
    {
        var ranges = new RangeSpreadPartitioner(first: 100, shift: 3);
        long[] keys = [100, 107, 108, 99, 92, 91, 100 + (8 * 16), long.MinValue, long.MaxValue];
        var partitions = new int[keys.Length];

        ranges.PartitionsOf<long>(keys, partitions);

        Assert.Equal([0, 0, 1, 15, 15, 14, 0], partitions[..7]);
        Assert.All(partitions, partition => Assert.InRange(partition, 0, ranges.PartitionCount - 1));
        Assert.Equal(ranges, new RangeSpreadPartitioner(100, 3));
        Assert.NotEqual(ranges, new RangeSpreadPartitioner(100, 4));
        Assert.NotEqual(ranges, new RangeSpreadPartitioner(101, 3));
    }

    // A quarter of the pairs has one key, and half of the others keys of a sixteenth of the range.
    [Fact]
    public void TryBalance_PairsAreUnevenlyDistributed_BucketsAscendAndNoneHasMoreThanItsShareOrOneRange()
    {
        const int Hot = 3000;
        var random = new Random(3);
        long[] keys = [.. Enumerable.Range(0, 16_000).Select(key => key - 5000L).OrderBy(_ => random.Next())];
        int[] pairs = [.. Enumerable.Range(0, 40_000).Select(i => i % 4 == 0 ? Array.IndexOf(keys, Hot) : i % 8 < 4 ? Array.IndexOf(keys, random.Next(1000)) : random.Next(keys.Length))];

        var ranges = RangeSpreadPartitioner.TryBalance<long>(keys, pairs)!;

        var ascending = PartitionsOf(ranges, [.. keys.Order()]);
        Assert.Equal(ascending.Order(), ascending);
        var counts = PartitionsOf(ranges, [.. pairs.Select(pair => keys[pair])]).CountBy(bucket => bucket).ToDictionary();
        var hot = PartitionsOf(ranges, [Hot])[0];
        Assert.All(counts, count => Assert.InRange(count.Value, 0, count.Key == hot ? 14_000 : 5_000));
        Assert.All(PartitionsOf(ranges, [long.MinValue, -5001, 11_400, long.MaxValue]), bucket => Assert.InRange(bucket, 0, ranges.PartitionCount - 1));
        Assert.Equal(ranges, RangeSpreadPartitioner.TryBalance<long>(keys, pairs));
        Assert.NotEqual(ranges, RangeSpreadPartitioner.TryBalance<long>(keys, [0]));
    }

    [Fact]
    public void TryBalance_KeysAreFarApartOrHardlyApart_IsNot()
    {
        Assert.Null(RangeSpreadPartitioner.TryBalance<long>([long.MinValue, long.MaxValue], [0, 1]));
        Assert.Null(RangeSpreadPartitioner.TryBalance<long>([.. Enumerable.Range(0, 100).Select(i => 65L * i)], [0]));
        Assert.NotNull(RangeSpreadPartitioner.TryBalance<long>([.. Enumerable.Range(0, 100).Select(i => 63L * i)], [0]));
        Assert.Null(RangeSpreadPartitioner.TryBalance<int>([int.MaxValue], [0, 0]));
        Assert.Null(RangeSpreadPartitioner.TryBalance<uint>([.. Enumerable.Range(0, 16).Select(i => uint.MaxValue - (uint)i)], [0]));
        Assert.NotNull(RangeSpreadPartitioner.TryBalance<ulong>([.. Enumerable.Range(0, 17).Select(i => ulong.MaxValue - (ulong)i)], [0]));
    }

    private static int[] PartitionsOf(RangeSpreadPartitioner ranges, long[] keys)
    {
        var partitions = new int[keys.Length];
        ranges.PartitionsOf<long>(keys, partitions);
        return partitions;
    }

    private static long KeyOf(Order order, int i, Random random) => order switch
    {
        Order.Ascending => i / 2,
        Order.Descending => -(i / 2),
        Order.TwoPlaces => random.Next(KeyCount) + ((i & 1) * 5_000_000_000_000),
        Order.OneHotKey => random.Next(3) == 0 ? random.Next(KeyCount) : KeyCount - 1,
        Order.Sparse => random.Next(KeyCount) * 5L,
        _ => random.Next(KeyCount),
    };

    private static void AssertSums<TKey>(Func<int, TKey> keyOf)
        where TKey : notnull
    {
        using var rig = new ShuffleRig(options => options.SpillThresholdBytes = 256 << 10);
        var context = rig.NewContext();
        var pairs = Enumerable.Range(0, 2 * KeyCount).Select(i => (Key: keyOf((int)(i * 7919L % KeyCount)), Value: (long)i)).ToArray();

        using var reader = rig.Store.Combine(BatchListReader<(TKey Key, long Value)>.Of(pairs), Sum, context);
        var sums = ShuffleRig.ReadAll(reader);

        Assert.Equal(KeyCount, sums.Count);
        var expected = pairs.GroupBy(pair => pair.Key).ToDictionary(group => group.Key, group => group.Sum(pair => pair.Value));
        Assert.All(sums, pair => Assert.Equal(expected[pair.Key], pair.Value));
        Assert.True(context.Metrics.SpilledBytes > 0);
    }
}
