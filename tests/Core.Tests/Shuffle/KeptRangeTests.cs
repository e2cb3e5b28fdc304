using Dpark.Memory;
using Dpark.Rdds;
using Dpark.TestKit.Rdds;

namespace Dpark.Shuffle;

/// <summary>More ids than there are places for: a dense table keeps a range of them, and only pairs of others are written.</summary>
public sealed class KeptRangeTests
{
    // Places for 516,000 ids, or for 87,000 keys that are hashed.
    private const long Limit = 4 << 20;
    private const int KeyCount = 600_000;
    private const int RoundCount = 5;
    private const int PairBytes = 2 * sizeof(long);

    private static readonly Aggregator<long, long> Sum = new(value => value, (sum, value) => sum + value, (left, right) => left + right);
    private static readonly Aggregator<long, long> CalledSum = new(value => value, (sum, value) => unchecked(sum - -value), (left, right) => left + right);

    // 0 is the first id, the last one, and one in the middle: the key that lies apart where keys are hashed.
    [Theory]
    [InlineData(0, true)]
    [InlineData(0, false)]
    [InlineData(-KeyCount + 1, true)]
    [InlineData(-KeyCount / 2, true)]
    [InlineData(long.MaxValue - KeyCount, true)]
    [InlineData(long.MinValue, true)]
    public void Combine_IdsInNoOrder_ComeOnceAndMostAreNotWritten(long first, bool isAddition)
    {
        using var rig = new ShuffleRig(options => options.SpillThresholdBytes = Limit);
        var context = rig.NewContext();
        var random = new Random(5);
        var pairs = Enumerable.Range(0, KeyCount * RoundCount).Select(i => (Key: first + random.Next(KeyCount), Value: (long)i)).ToArray();
        var expected = new Dictionary<long, long>();
        foreach (var (key, value) in pairs)
        {
            expected[key] = expected.GetValueOrDefault(key) + value;
        }

        using var reader = rig.Store.Combine(BatchListReader<(long Key, long Value)>.Of(pairs), isAddition ? Sum : CalledSum, context);
        var sums = ShuffleRig.ReadAll(reader);

        Assert.Equal(expected.Count, sums.Count);
        Assert.All(sums, pair => Assert.Equal(expected[pair.Key], pair.Value));
        Assert.InRange(context.Metrics.SpilledBytes, 1, (long)pairs.Length * PairBytes / 4);
    }

    // So do the map outputs of ids come: the second one has those again that were in memory when it was full.
    [Fact]
    public void Combine_IdsAscendTwice_ThoseInMemoryStay()
    {
        using var rig = new ShuffleRig(options => options.SpillThresholdBytes = Limit);
        var context = rig.NewContext();
        var pairs = Enumerable.Range(0, 2 * KeyCount).Select(i => ((long)i % KeyCount, ValueOf(i))).ToArray();

        using var reader = rig.Store.Combine(BatchListReader<(long Key, long Value)>.Of(pairs), Sum, context);
        var sums = ShuffleRig.ReadAll(reader);

        Assert.Equal(KeyCount, sums.Count);
        Assert.All(sums, pair => Assert.Equal(2 * ValueOf(pair.Key), pair.Value));
        Assert.InRange(context.Metrics.SpilledBytes, 1, (long)pairs.Length * PairBytes / 4);
    }

    // A few ids among keys from anywhere, or few keys in a wide range: a range of them would be a small part.
    [Theory]
    [InlineData(0x1E37_79B9_7F4A_7C15)]
    [InlineData(1000)]
    public void TryChooseRange_KeysFarApart_DoesNot(long step)
    {
        using var task = MemoryRig.NewMemory(Limit).Open(default);
        using var claim = task.Claim("a table");
        using var table = Filled(claim, key => key * step, out var count);

        Assert.False(table.TryChooseRange(count, BatchReader.Capacity, alsoHeld: 0));
        Assert.False(table.HasChosenRange);
    }

    // Few keys that come often: hashed, all of them find places, but not all of their range.
    [Theory]
    [InlineData(1, true)]
    [InlineData(20, false)]
    public void TryChooseRange_KeysCameOftenBefore_DoesNot(int rounds, bool isChosen)
    {
        using var task = MemoryRig.NewMemory(Limit).Open(default);
        using var claim = task.Claim("a table");
        using var table = Filled(claim, key => key % 1_500_000, out var count);

        Assert.Equal(isChosen, table.TryChooseRange((long)count * rounds, BatchReader.Capacity, alsoHeld: 0));
    }

    [Theory]
    [InlineData(1_000, 1_000, 1_000_000, 1_000_000)]
    [InlineData(182_272, 174_248, 2_000_000, 2_000_000)]
    [InlineData(182_272, 174_248, 100_000_000, 2_012_000)]
    [InlineData(100_000, 10_000, 1_000_000, 10_000)]
    [InlineData(5, 5, 5, 5)]
    public void EstimateKeys_PairsOfKeysAsFrequentAsEachOther_IsAboutAsManyAsThereAre(long pairs, long seen, long most, long expected)
    {
        Assert.InRange(NumberTable<long, long>.EstimateKeys(pairs, seen, most), expected * 0.98, expected * 1.02);
    }

    // So far apart that they take 8 bytes each in a file.
    private static long ValueOf(long key) => 1L << (int)(40 * (key & 1));

    // With another batch, it would grow for the last time.
    private static NumberTable<long, long> Filled(MemoryClaim claim, Func<long, long> keyOf, out int count)
    {
        var table = new NumberTable<long, long>(CombiningBuffer.MapSideMultiplier, claim);
        var random = new Random(7);
        for (count = 0; table.Count < 43_000; count++)
        {
            var key = keyOf(random.Next());
            table.Reserve(1);
            table.GetOrAdd(key, out _) = 1;
        }

        return table;
    }
}
