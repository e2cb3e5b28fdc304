using Dpark.Rdds.Operators;
using Dpark.Text;

namespace Dpark.Rdds;

public sealed class TextPairMappingTests
{
    [Fact]
    public void TryCreate_PairsOfTexts_AreMeantAndNoOthers()
    {
        Assert.NotNull(TextPairMapping<Utf8Text, (Utf8Text, long)>.TryCreate());
        Assert.NotNull(TextPairMapping<string, (Utf8Text, string)>.TryCreate());
        Assert.Null(TextPairMapping<Utf8Text, Utf8Text>.TryCreate());
        Assert.Null(TextPairMapping<Utf8Text, (string, Utf8Text)>.TryCreate());
        Assert.Null(TextPairMapping<Utf8Text, (Utf8Text, long, long)>.TryCreate());
        Assert.Null(TextPairMapping<Utf8Text, KeyValuePair<Utf8Text, long>>.TryCreate());
    }

    [Fact]
    public void Apply_ArrayWithOtherPairs_HasTheNewOnes()
    {
        var mapping = TextPairMapping<int, (Utf8Text Key, string Value)>.TryCreate()!;
        var output = new (Utf8Text Key, string Value)[40];
        ByteBlock[] blocks = [.. Enumerable.Range(0, 3).Select(i => new ByteBlock("abcdefgh"u8.ToArray().Select(letter => (byte)(letter + (8 * i))).ToArray()))];
        var random = new Random(1);

        for (var round = 0; round < 50; round++)
        {
            var input = Enumerable.Range(0, random.Next(1, output.Length)).Select(_ => random.Next(24)).ToArray();
            mapping.Apply(input, output.AsSpan(0, input.Length), i => (new Utf8Text(blocks[i / 8], i % 8, 1), $"{i}"));

            Assert.Equal(input.Select(i => ($"{(char)('a' + i)}", $"{i}")), output.Take(input.Length).Select(pair => (pair.Key.ToString(), pair.Value)));
        }
    }
}
