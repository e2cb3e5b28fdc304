using System.Text;
using Dpark.Rdds.Operators;
using Dpark.Memory;
using Dpark.Text;

namespace Dpark.Rdds;

/// <summary>What a join keeps of its left side.</summary>
public sealed class JoinTableTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Find_KeysAreNumbers_GivesTheValuesOfEachKey(int valuesPerKey)
    {
        long[] keys = [0, -1, long.MinValue, .. Enumerable.Range(1, 20_000).Select(i => (long)i << 20)];
        AssertFinds(keys, [1, 5, long.MaxValue], valuesPerKey);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Find_KeysHaveNoStableHash_GivesTheValuesOfEachKey(int valuesPerKey) =>
        AssertFinds([.. Enumerable.Range(0, 3_000).Select(i => new Uri($"https://host/{i}"))], [new Uri("https://other/1")], valuesPerKey);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Find_OneKeyIsNull_GivesTheValuesOfEachKey(int valuesPerKey) =>
        AssertFinds([null!, "", .. Enumerable.Range(0, 3_000).Select(i => $"key-{i}")], ["key"], valuesPerKey);

    [Fact]
    public void Find_TextsOfAReusedBuffer_AreThoseThatWereAdded()
    {
        using var table = new JoinTable<Utf8Text, Utf8Text>(TaskMemory.Unlimited(default).Claim("a test"));
        var buffer = new byte[64];
        for (var i = 0; i < 100; i++)
        {
            var text = Encoding.UTF8.GetBytes($"a word that is long, {i:000}");
            text.CopyTo(buffer, 0);
            var block = new ByteBlock(buffer);
            var borrowed = new Utf8Text(block, 0, text.Length);
            table.Add([(borrowed, borrowed)]);
            block.Retire();
        }

        table.Complete();
        var numbers = new int[2];
        table.Find([Utf8Text.From("a word that is long, 042"), Utf8Text.From("a word")], numbers);

        Assert.Equal([42, -1], numbers);
        Assert.Equal("a word that is long, 042", table.Values[42].ToString());
        Assert.Equal("a word that is long, 042", table.KeyOf(42).ToString());
    }

    private static void AssertFinds<TKey>(TKey[] keys, TKey[] absent, int valuesPerKey)
    {
        using var table = new JoinTable<TKey, int>(TaskMemory.Unlimited(default).Claim("a test"));
        for (var copy = 0; copy < valuesPerKey; copy++)
        {
            foreach (var chunk in keys.Select((key, index) => (key, (index * 10) + copy)).Chunk(BatchReader.Capacity))
            {
                table.Add(chunk);
            }
        }

        table.Complete();

        Assert.Equal(keys.Length, table.KeyCount);
        Assert.Equal(valuesPerKey == 1, table.IsUnique);
        var numbers = new int[BatchReader.Capacity];
        for (var start = 0; start < keys.Length; start += BatchReader.Capacity)
        {
            var some = keys.AsSpan(start, Math.Min(BatchReader.Capacity, keys.Length - start));
            table.Find(some, numbers);
            for (var i = 0; i < some.Length; i++)
            {
                var range = table.RangeOf(numbers[i]);
                Assert.Equal(some[i], table.KeyOf(numbers[i]));
                Assert.Equal(Enumerable.Range((start + i) * 10, valuesPerKey), table.Values[range.Start..range.End].ToArray());
            }
        }

        table.Find(absent, numbers);
        Assert.All(numbers[..absent.Length], number => Assert.Equal(-1, number));
    }
}
