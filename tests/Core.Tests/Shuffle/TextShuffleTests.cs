using System.Text;
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
    [Theory]
    [InlineData("w")]
    [InlineData("some word ")]
    public void Add_WordsThatAgreeInWhatIsKeptOfTheirHash_AreCountedApart(string start)
    {
        var aggregator = new Aggregator<long, long>(value => value, (sum, value) => sum + value, (left, right) => left + right);
        var alike = Enumerable.Range(100_000, 500_000).Select(i => Utf8Text.From($"{start}{i}")).GroupBy(word => Utf8Hash.Of(word.Span) >> 40).Where(words => words.Count() > 1).ToArray();
        Assert.NotEmpty(alike);
        foreach (var words in alike)
        {
            using var buffer = CombiningBuffer.OfMapSide<Utf8Text, long, long>(aggregator, TaskMemory.Unlimited(default).Claim("a test"));

            buffer.Add(words.Select(word => (word, 1L)).ToArray());

            using var order = buffer.OrderAll();
            Assert.Equal(words.Count(), order.Count);
        }
    }

    // As lines are split: words of one block, with other bytes behind them, up to its end, and of several blocks in one batch. In a table that grows several times.
    [Fact]
    public void Add_WordsOfBlocks_AreCounted()
    {
        string[] words = [.. Words, .. Enumerable.Range(0, 30_000).Select(i => $"{(i * 7919) % 9973:x}{new string((char)('a' + (i % 26)), i % 7)}")];
        var aggregator = new Aggregator<long, long>(value => value, (sum, value) => sum + value, (left, right) => left + right);
        using var buffer = CombiningBuffer.OfMapSide<Utf8Text, long, long>(aggregator, TaskMemory.Unlimited(default).Claim("a test"));

        foreach (var batch in words.Chunk(700))
        {
            buffer.Add([.. batch.Chunk(90).SelectMany(InOneBlock).Select(word => (word, 1L))]);
        }

        using var order = buffer.OrderAll();
        var pairs = new (Utf8Text Key, long Value)[order.Count];
        var hashes = new ulong[order.Count];
        buffer.Read(order.NumbersOf(0), pairs);
        buffer.HashesOf(order.NumbersOf(0), hashes);
        Assert.Equal(words.CountBy(word => word).ToDictionary(pair => pair.Key, pair => (long)pair.Value), pairs.ToDictionary(pair => pair.Key.ToString(), pair => pair.Value));
        Assert.Equal(pairs.Select(pair => StableHash.Of(pair.Key.ToString())), hashes);
    }

    [Fact]
    public void Add_WordsOfABlockThatIsUsedForSomethingElse_Throws()
    {
        var aggregator = new Aggregator<long, long>(value => value, (sum, value) => sum + value, (left, right) => left + right);
        using var buffer = CombiningBuffer.OfMapSide<Utf8Text, long, long>(aggregator, TaskMemory.Unlimited(default).Claim("a test"));
        var block = new ByteBlock("some words of a line"u8.ToArray());

        block.Retire();

        Assert.Throws<InvalidOperationException>(() => buffer.Add([(new Utf8Text(block, 0, 4), 1L)]));
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

    private static List<Utf8Text> InOneBlock(string[] words)
    {
        var block = new ByteBlock(Encoding.UTF8.GetBytes(string.Concat(words)));
        var texts = new List<Utf8Text>();
        var start = 0;
        foreach (var word in words)
        {
            var length = Encoding.UTF8.GetByteCount(word);
            texts.Add(new Utf8Text(block, start, length));
            start += length;
        }

        return texts;
    }
}
