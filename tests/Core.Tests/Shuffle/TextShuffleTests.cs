using Dpark.Memory;
using Dpark.Partitioning;
using Dpark.Text;

namespace Dpark.Shuffle;

/// <summary>Texts as keys: short and long ones, ones that differ in zeros only, in memory and in runs.</summary>
public sealed class TextShuffleTests
{
    private const int BucketCount = 3;

    private static readonly string[] Words =
    [
        "", "\0", "\0\0", "a", "a\0", "a\0\0", "12345678", "1234567", "1234567\0", "123456789", "12345678\0", "\u00E9", "\U0001F600", new string('x', 254), new string('x', 255), new string('x', 256),
        .. Enumerable.Range(0, 3000).Select(i => $"word {i % 2000}"),
    ];

    [Theory]
    [InlineData(1 << 28, true)]
    [InlineData(128 << 10, true)]
    [InlineData(1 << 28, false)]
    [InlineData(128 << 10, false)]
    public void Combined_Numbers_AsCounted(int limit, bool isAddition)
    {
        using var rig = new ShuffleRig(options => options.SpillThresholdBytes = limit);

        // What does more than to add is called.
        var aggregator = isAddition
            ? new Aggregator<long, long>(value => value, (sum, value) => sum + value, (left, right) => left + right)
            : new Aggregator<long, long>(value => checked(value + 1), (sum, value) => checked(sum + value + 1), (left, right) => left + right);
        var context = rig.NewContext();
        for (var map = 0; map < 3; map++)
        {
            rig.Write(map, Words.Select(word => (Utf8Text.From(word), 1L)), new HashPartitioner(BucketCount), aggregator, context);
        }

        var counts = new Dictionary<string, long>();
        for (var bucket = 0; bucket < BucketCount; bucket++)
        {
            using var reader = rig.Store.ReadCombined<Utf8Text, long>(rig.Shuffle, bucket, (left, right) => left + right, context);
            for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
            {
                foreach (var (word, count) in batch)
                {
                    counts.Add(word.ToString(), count);
                }
            }
        }

        Assert.Equal(Words.CountBy(word => word).ToDictionary(pair => pair.Key, pair => (isAddition ? 3L : 6L) * pair.Value), counts);
        Assert.Equal(limit < 1 << 20, context.Metrics.SpilledBytes > 0);
    }

    // A place keeps 24 bits of the hash. Of these pairs of words, which agree in them, some begin to look for theirs at the same place, so only their bytes tell them apart.
    [Fact]
    public void Add_WordsThatAgreeInWhatIsKeptOfTheirHash_AreCountedApart()
    {
        var aggregator = new Aggregator<long, long>(value => value, (sum, value) => sum + value, (left, right) => left + right);
        var alike = Enumerable.Range(100_000, 500_000).Select(i => Utf8Text.From($"w{i}")).GroupBy(word => Utf8Hash.Of(word.Span) >> 40).Where(words => words.Count() > 1).ToArray();
        Assert.NotEmpty(alike);
        foreach (var words in alike)
        {
            using var buffer = CombiningBuffer.OfMapSide<Utf8Text, long, long>(aggregator, TaskMemory.Unlimited(default).Claim("a test"));

            buffer.Add(words.Select(word => (word, 1L)).ToArray());

            using var order = buffer.OrderAll();
            Assert.Equal(words.Count(), order.Count);
        }
    }

    [Fact]
    public void Index_TextsAndNumbers_TellsThemApart()
    {
        using var index = KeyIndex<Utf8Text>.Create();
        var numbers = new int[1024];
        var expected = new Dictionary<string, int>();
        foreach (var word in Words)
        {
            expected.TryAdd(word, expected.Count);
        }

        foreach (var batch in Words.Chunk(1024))
        {
            index.Locate(batch.Select(word => Utf8Text.From(word)).ToArray(), numbers);
            Assert.Equal(batch.Select(word => expected[word]), numbers.Take(batch.Length));
        }

        index.Find(new[] { "a", "no word", "word 1999" }.Select(word => Utf8Text.From(word)).ToArray(), numbers);

        Assert.Equal([expected["a"], -1, expected["word 1999"]], numbers.Take(3));
        Assert.Equal(Words.Distinct(), index.Keys.ToArray().Select(key => key.ToString()));
        Assert.Equal(Words.Distinct().Select(word => StableHash.Of(word)), index.Hashes.ToArray());
    }
}
