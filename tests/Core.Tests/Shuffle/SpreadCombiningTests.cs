using Dpark.Memory;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.TestKit.Rdds;
using Dpark.Text;

namespace Dpark.Shuffle;

/// <summary>Pairs with more keys than fit into memory are spread over buckets on disk, and each key still comes once, with all of its values.</summary>
public sealed class SpreadCombiningTests
{
    private const int LeastLimit = 64 << 10;
    private const int PairBytes = 2 * sizeof(long);

    // Far apart, and in no order.
    private const long Step = 0x1E37_79B9_7F4A_7C15;

    private static readonly Aggregator<long, long> Sum = new(value => value, (sum, value) => sum + value, (left, right) => left + right);

    [Theory]
    [InlineData(3_000)]
    [InlineData(30_000)]
    [InlineData(100_000)]
    public void ReadCombined_KeysOfAllKinds_ComeOnceWithAllTheirValues(int keyCount)
    {
        AssertCombined(LeastLimit, keyCount, key => key * Step);
        AssertCombined(LeastLimit, keyCount, key => (int)key);
        AssertCombined(3 * LeastLimit, keyCount / 2, key => $"key {key}");
        AssertCombined(3 * LeastLimit, keyCount / 2, key => (key, key % 3));
        AssertCombined(3 * LeastLimit, keyCount / 2, key => Utf8Text.From($"key {key}"));

        // One batch takes more than that.
        AssertCombined(LeastLimit, keyCount / 4, key => $"key {key}");
    }

    // The combined value is of another type, so what is spread must have been begun.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WriteMapOutput_CombinedValuesAreOfAnotherType_HoldAllValues(bool isNumber)
    {
        AssertStatistics(key => isNumber ? key * Step : key);
        AssertStatistics(key => $"key {key}");
    }

    [Fact]
    public void ReadCombined_MostKeysFit_OnlyOthersAreWritten()
    {
        const int RoundCount = 10;
        using var rig = NewRig(4 << 20);
        const int KeyCount = 100_000;
        var random = new Random(3);
        var context = rig.NewContext();

        // Of these, 86,000 find a place.
        using var reader = Combine(rig, Enumerable.Range(0, RoundCount).SelectMany(_ => random.GetItems(Keys(KeyCount).ToArray(), KeyCount)).Concat(Keys(KeyCount)).Select(key => (key * Step, 1L)), context);
        var sums = ShuffleRig.ReadAll(reader);

        Assert.Equal(KeyCount, sums.Count);
        Assert.Equal((RoundCount + 1) * KeyCount, sums.Sum(pair => pair.Value));
        Assert.InRange(context.Metrics.SpilledBytes, 1, RoundCount * KeyCount * PairBytes / 4);
    }

    // Short ones, whose places say all about them, and long ones.
    [Theory]
    [InlineData("", true)]
    [InlineData("a word of many letters ", true)]
    [InlineData("", false)]
    public void ReadCombined_FrequentTextsFit_OnlyOthersAreWritten(string start, bool isAddition)
    {
        const int PairCount = 400_000;
        const int FrequentCount = 2_000;
        using var rig = NewRig(1 << 20);
        var random = new Random(11);
        var context = rig.NewContext();
        var words = Enumerable.Range(0, PairCount).Select(i => $"{start}{(i % 10 == 0 ? FrequentCount + random.Next(30_000) : random.Next(FrequentCount))}").ToArray();
        var aggregator = isAddition ? Sum : new Aggregator<long, long>(value => value, (sum, value) => unchecked(sum - -value), (left, right) => left + right);

        var counts = new Dictionary<string, long>();
        using var reader = rig.Store.Combine(BatchListReader<(Utf8Text Key, long Value)>.Of(words.Select(word => (Utf8Text.From(word), 1L))), aggregator, context);
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            foreach (var (word, count) in batch)
            {
                counts.Add(word.ToString(), count);
            }
        }

        Assert.Equal(words.CountBy(word => word).ToDictionary(pair => pair.Key, pair => (long)pair.Value), counts);
        Assert.InRange(context.Metrics.SpilledBytes, 1, (long)PairCount * (start.Length + PairBytes) / 8);
    }

    [Fact]
    public void ReadCombined_OtherKeysComeLater_TakeThePlacesOfTheFirstOnes()
    {
        const int RoundCount = 20;
        using var rig = NewRig(4 << 20);
        const int KeyCount = 60_000;
        var context = rig.NewContext();
        var parts = Enumerable.Range(0, 4).Select(part => Keys(KeyCount).Select(key => ((key + (part * KeyCount)) * Step, 1L)).ToArray()).ToArray();

        using var reader = Combine(rig, parts.SelectMany(part => Enumerable.Range(0, RoundCount).SelectMany(_ => part)), context);
        var sums = ShuffleRig.ReadAll(reader);

        Assert.Equal(parts.Length * KeyCount, sums.Select(pair => pair.Key).Distinct().Count());
        Assert.Equal(parts.Length * KeyCount, sums.Count);
        Assert.All(sums, pair => Assert.Equal(RoundCount, pair.Value));
        Assert.InRange(context.Metrics.SpilledBytes, 1, (long)parts.Length * RoundCount * KeyCount * PairBytes / 4);
    }

    [Fact]
    public void ReadCombined_EveryKeyComesOnce_IsWrittenOnce()
    {
        using var rig = NewRig(4 << 20);
        const int KeyCount = 1_000_000;
        var context = rig.NewContext();

        using var reader = Combine(rig, Keys(KeyCount).Select(key => (key * Step, key)), context);

        Assert.Equal(Keys(KeyCount).Select(key => (key * Step, key)).Order(), ShuffleRig.ReadAll(reader).Order());
        Assert.InRange(context.Metrics.SpilledBytes, 1, KeyCount * PairBytes * 5 / 4);
    }

    [Fact]
    public void ReadCombined_Twice_ComesInTheSameOrder()
    {
        using var rig = NewRig(LeastLimit);
        var pairs = Keys(50_000).Concat(Keys(20_000)).Select(key => (key * Step, key)).ToArray();

        using var first = Combine(rig, pairs, rig.NewContext());
        using var second = Combine(rig, pairs, rig.NewContext());

        Assert.Equal(ShuffleRig.ReadAll(first), ShuffleRig.ReadAll(second));
    }

    [Theory]
    [InlineData(Step)]
    [InlineData(1)]
    public void ReadCombined_MoreThanTheBudget_TakesNoMoreAndGivesItBack(long step)
    {
        const int KeyCount = 400_000;
        using var rig = new ShuffleRig();
        var memory = MemoryRig.NewMemory(4 << 20);
        using var task = memory.Open(default);
        var context = rig.NewContext(memory: task);

        rig.Write(0, Keys(KeyCount).Concat(Keys(KeyCount)).Select(key => (key * step, 1L)), new HashPartitioner(3), Sum, context);
        var sums = Enumerable.Range(0, 3).SelectMany(bucket => rig.ReadCombined<long, long>(bucket, (left, right) => left + right, context)).ToList();

        Assert.Equal(KeyCount, sums.Count);
        Assert.All(sums, pair => Assert.Equal(2, pair.Value));
        Assert.True(context.Metrics.SpilledBytes > 0);
        Assert.InRange(memory.PeakBytes, 1, memory.BudgetBytes);
        Assert.Equal((0, 0), memory.Used);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(20)]
    public void Dispose_BeforeTheEnd_FreesTheFiles(int batches)
    {
        using var rig = NewRig(LeastLimit);
        var reader = Combine(rig, Keys(100_000).Select(key => (key * Step, key)), rig.NewContext());
        for (var i = 0; i < batches; i++)
        {
            Assert.False(reader.Next().IsEmpty);
        }

        Assert.Equal(batches > 0, OpenFiles(rig.Root) > 0);
        reader.Dispose();

        Assert.Equal(0, OpenFiles(rig.Root));
        Assert.Empty(rig.AllFiles());
    }

    [Fact]
    public void ReadCombined_Cancelled_FreesTheFiles()
    {
        using var rig = NewRig(LeastLimit);
        using var cancellation = new CancellationTokenSource();
        var pairs = Keys(200_000).Select((key, index) =>
        {
            if (index == 150_000)
            {
                Assert.True(OpenFiles(rig.Root) > 0);
                cancellation.Cancel();
            }

            return (key * Step, key);
        });

        using (var reader = rig.Store.Combine(new EnumeratingReader(pairs), Sum, rig.NewContext(cancellationToken: cancellation.Token)))
        {
            Assert.Throws<OperationCanceledException>(() => reader.Next().Length);
        }

        Assert.Equal(0, OpenFiles(rig.Root));
        Assert.Empty(rig.AllFiles());
    }

    private static ShuffleRig NewRig(long limit) => new(options => options.SpillThresholdBytes = limit);

    private static IEnumerable<long> Keys(int count) => Enumerable.Range(0, count).Select(i => i * 7_919L % count);

    private static BatchReader<(long Key, long Value)> Combine(ShuffleRig rig, IEnumerable<(long Key, long Value)> pairs, Tasks.TaskContext context) =>
        rig.Store.Combine(BatchListReader<(long Key, long Value)>.Of(pairs), Sum, context);

    private static void AssertCombined<TKey>(int limit, int keyCount, Func<long, TKey> keyOf)
        where TKey : notnull
    {
        using var rig = NewRig(limit);
        var context = rig.NewContext();
        for (var map = 0; map < 2; map++)
        {
            rig.Write(map, Keys(keyCount).Concat(Keys(keyCount / 2)).Select(key => (keyOf(key), key)), new HashPartitioner(3), Sum, context);
        }

        var sums = new Dictionary<string, long>();
        for (var bucket = 0; bucket < 3; bucket++)
        {
            using var reader = rig.Store.ReadCombined<TKey, long>(rig.Shuffle, bucket, (left, right) => left + right, context);
            for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
            {
                foreach (var (key, sum) in batch)
                {
                    sums.Add(key.ToString()!, sum);
                }
            }
        }

        var inHalf = Keys(keyCount / 2).ToHashSet();
        Assert.Equal(Keys(keyCount).ToDictionary(key => keyOf(key).ToString()!, key => key * (inHalf.Contains(key) ? 4 : 2)), sums);
        Assert.True(keyCount < 10_000 || context.Metrics.SpilledBytes > 0);
    }

    private static void AssertStatistics<TKey>(Func<long, TKey> keyOf)
        where TKey : notnull
    {
        using var rig = NewRig(256 << 10);
        Aggregator<int, (long Count, long Sum)> statistics = new(
            value => (1, value), (all, value) => (all.Count + 1, all.Sum + value), (left, right) => (left.Count + right.Count, left.Sum + right.Sum));
        var context = rig.NewContext();

        var output = rig.Write(0, Enumerable.Range(0, 5).SelectMany(round => Keys(40_000).Select(key => (keyOf(key), round))), new HashPartitioner(2), statistics, context);

        var read = Enumerable.Range(0, 2).SelectMany(bucket => rig.ReadCombined<TKey, (long, long)>(bucket, statistics.MergeCombined)).ToDictionary();
        Assert.Equal(Keys(40_000).Select(keyOf).ToHashSet(), read.Keys.ToHashSet());
        Assert.All(read.Values, value => Assert.Equal((5, 10), value));
        Assert.Equal(40_000, output.RecordCount);
        Assert.True(context.Metrics.SpilledBytes > 0);
    }

    private static int OpenFiles(string root) => Directory.GetFiles("/proc/self/fd")
        .Count(handle => new FileInfo(handle).LinkTarget is { } target && target.StartsWith(root, StringComparison.Ordinal));

    /// <summary>Makes pairs while they are read.</summary>
    private sealed class EnumeratingReader(IEnumerable<(long Key, long Value)> pairs) : BatchReader<(long Key, long Value)>
    {
        private readonly IEnumerator<(long Key, long Value)[]> _batches = pairs.Chunk(BatchReader.Capacity).GetEnumerator();

        public override ReadOnlySpan<(long Key, long Value)> Next() => _batches.MoveNext() ? _batches.Current : default;

        protected override void Dispose(bool disposing)
        {
            _batches.Dispose();
            base.Dispose(disposing);
        }
    }
}
