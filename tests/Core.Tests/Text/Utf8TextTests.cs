using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Dpark.Codecs;

namespace Dpark.Text;

public sealed class Utf8TextTests
{
    private const string Letters = "ab ,\t\u00E9\u20AC\u2003\U0001F600";

    [Fact]
    public void StableHash_AnyText_IsThatOfTheString()
    {
        var random = new Random(1);
        for (var length = 0; length < 300; length++)
        {
            var ascii = string.Create(length, random, (chars, source) => source.GetItems("abcdefg .0".AsSpan(), chars));
            var mixed = RandomText(random, length);

            Assert.Equal(StableHash.Of(ascii), StableHash.Of(Utf8Text.From(ascii)));
            Assert.Equal(StableHash.Of(mixed), StableHash.Of(Utf8Text.From(mixed)));
            Assert.Equal(StableHash.Of(ascii), Utf8Hash.Of(Utf8Text.From(ascii).Span, out var prefix));
            Assert.Equal(ascii.Take(8).Select((letter, i) => (ulong)letter << (8 * i)).Aggregate(0UL, (a, b) => a | b), prefix);
        }
    }

    [Fact]
    public void StableHash_BytesThatAreNotValid_IsThatOfTheStringWithReplacements()
    {
        var text = Utf8Text.CopyOf([0x61, 0xFF, 0xC3]);

        Assert.Equal("a\uFFFD\uFFFD", text.ToString());
        Assert.Equal(StableHash.Of(text.ToString()), text.StableHashCode);
    }

    [Theory]
    [InlineData(StringSplitOptions.None)]
    [InlineData(StringSplitOptions.RemoveEmptyEntries)]
    [InlineData(StringSplitOptions.TrimEntries)]
    [InlineData(StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)]
    public void Split_RandomTexts_AsStringSplit(StringSplitOptions options)
    {
        var random = new Random(2);
        for (var round = 0; round < 300; round++)
        {
            var text = RandomText(random, random.Next(120));
            foreach (var separator in " ,\u00E9\u20AC")
            {
                Assert.Equal(text.Split(separator, options), Utf8Text.From(text).Split(separator, options).Select(part => part.ToString()));
            }

            Assert.Equal(
                text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), Utf8Text.From(text).SplitWhiteSpace().Select(part => part.ToString()));
        }
    }

    [Fact]
    public void Split_FilledInSmallSteps_GivesEachPartOnce()
    {
        var text = string.Join(' ', Enumerable.Range(0, 100)) + "  x ";
        for (var room = 1; room < 40; room++)
        {
            var split = Utf8Text.From(text).Split(' ');
            var parts = new List<string>();
            var target = new Utf8Text[room];
            for (var next = 0; next >= 0;)
            {
                parts.AddRange(target.AsSpan(0, split.Fill(ref next, target)).ToArray().Select(part => part.ToString()));
            }

            Assert.Equal(text.Split(' '), parts);
        }
    }

    // What is around the text in its block, and what the target held before, must not be seen: separators there, and references to other blocks.
    [Fact]
    public void Split_PartsOfBlocks_AsStringSplit()
    {
        var random = new Random(3);
        var target = new Utf8Text[7];
        for (var round = 0; round < 2000; round++)
        {
            var whole = string.Create(random.Next(1, 110), random, (chars, source) => source.GetItems(round % 2 == 0 ? "abcd \t" : "ab \t\u2003", chars));
            var bytes = Encoding.UTF8.GetBytes(whole);
            var start = random.Next(whole.Length);
            var text = whole[start..(start + random.Next(whole.Length - start + 1))];
            var part = new Utf8Text(new ByteBlock(bytes), Encoding.UTF8.GetByteCount(whole[..start]), Encoding.UTF8.GetByteCount(text));

            Assert.Equal(text.Split(' '), PartsOf(part.Split(' ')));
            Assert.Equal(text.Split(' ', StringSplitOptions.RemoveEmptyEntries), PartsOf(part.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
            Assert.Equal(text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), PartsOf(part.SplitWhiteSpace()));
        }

        List<string> PartsOf(Utf8Split split)
        {
            var parts = new List<string>();
            for (var next = 0; next >= 0;)
            {
                parts.AddRange(target.AsSpan(0, split.Fill(ref next, target)).ToArray().Select(part => part.ToString()));
            }

            return parts;
        }
    }

    [Fact]
    public void Layout_TextsAndSlices_IsTheSame()
    {
        var text = new Utf8Text(new ByteBlock("some words"u8.ToArray()), 5, 4);

        var slice = Unsafe.As<Utf8Text, ByteSlice>(ref text);

        Assert.Equal(Unsafe.SizeOf<ByteSlice>(), Unsafe.SizeOf<Utf8Text>());
        Assert.Equal((5, 4, text.Bytes.Block), (slice.Start, slice.Length, slice.Block));
        Assert.Equal("word", text.ToString());
        var largest = new ByteSlice(null, Array.MaxLength, Array.MaxLength);
        Assert.Equal((Array.MaxLength, Array.MaxLength), (largest.Start, largest.Length));
    }

    [Fact]
    public void TryMove_BlockIsAnother_LeavesTheText()
    {
        var block = new ByteBlock("first words"u8.ToArray());
        var text = new Utf8Text(block, 0, 5);

        Assert.False(Utf8Text.TryMove(ref text, new Utf8Text(new ByteBlock("other words"u8.ToArray()), 6, 5)));
        Assert.Equal("first", text.ToString());
        Assert.True(Utf8Text.TryMove(ref text, new Utf8Text(block, 6, 5)));
        Assert.Equal("words", text.ToString());
    }

    [Fact]
    public void Split_SurrogateOrUnknownOption_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => Utf8Text.From("a").Split('\uD800'));
        Assert.Throws<ArgumentException>(() => Utf8Text.From("a").Split(' ', (StringSplitOptions)64));
    }

    [Fact]
    public void Members_OfAText_AsThoseOfTheString()
    {
        var text = Utf8Text.From(" \u2003price: 12.50 \n");

        Assert.Equal("price: 12.50", text.Trim().ToString());
        Assert.Equal("price: 12.50 \n", text.TrimStart().ToString());
        Assert.Equal(" \u2003price: 12.50", text.TrimEnd().ToString());
        Assert.Equal(12.5, text.Trim()[7..].Parse<double>());
        Assert.True(text.Trim()[7..9].TryParse<int>(out var number));
        Assert.Equal(12, number);
        Assert.False(text.TryParse<int>(out _));
        Assert.Throws<FormatException>(() => text.Parse<long>());
        Assert.True(text.Trim().StartsWith("price"u8) && text.Trim().EndsWith("50"u8) && text.Contains("12."u8));
        Assert.Equal(7, text.Trim().IndexOf("12"u8));
        Assert.True(text.Trim()[..5].Equals("price"u8));
        Assert.Equal("price", $"{text.Trim()[..5]}");
        Assert.True(Utf8Text.From("a") < Utf8Text.From("ab") && Utf8Text.From("b") > Utf8Text.From("ab"));
        Assert.Equal(default, Utf8Text.From(""));
        Assert.Throws<ArgumentOutOfRangeException>(() => Utf8Text.From("abc").Slice(1, 3));
    }

    [Fact]
    public void Members_AfterItsBufferWasUsedAgain_Throw()
    {
        var buffer = "first words"u8.ToArray();
        var block = new ByteBlock(buffer);
        var text = new Utf8Text(block, 0, 5);
        var kept = text.Keep();

        block.Retire();
        "other words"u8.CopyTo(buffer);

        Assert.Equal("first", kept.ToString());
        Assert.Throws<InvalidOperationException>(() => text.ToString());
        Assert.Throws<InvalidOperationException>(() => text.Keep());
        Assert.Throws<InvalidOperationException>(() => text == kept);
        Assert.Throws<InvalidOperationException>(() => text.CompareTo(kept));
        Assert.Throws<InvalidOperationException>(() => text.StableHashCode);
        Assert.Throws<InvalidOperationException>(() => text.Split(' ').Count());
        Assert.Throws<InvalidOperationException>(() => RecordBlock.Encode([text]));
    }

    [Fact]
    public void BorrowedBytes_InRecords_AreFoundAndCopied()
    {
        var buffer = "word"u8.ToArray();
        var block = new ByteBlock(buffer);
        var word = new Utf8Text(block, 0, 4);
        (int, Utf8Text[], Item)[] records = [(1, [word, default], new Item(word, 2)), (2, [], new Item(default, 3))];

        BorrowedBytes<(int, Utf8Text[], Item)>.KeepAll(records.AsSpan());
        block.Retire();

        Assert.Equal("word", records[0].Item2[0].ToString());
        Assert.Equal("word", records[0].Item3.Word.ToString());
        Assert.False(BorrowedBytes<(int, string[], List<long>)>.ArePossible);
        Assert.True(BorrowedBytes<Dictionary<int, List<ByteSlice>>>.ArePossible);
    }

    [Fact]
    public void Codec_TextsAndSlices_HaveTheseBytes()
    {
        using var output = new RecordBuffer();
        RecordCodec<Utf8Text>.Default.Encode([Utf8Text.From("a"), default, Utf8Text.From("\u00E9")], output);

        Assert.Equal("03000000" + "01" + "020103" + "61C3A9", Convert.ToHexString(output.WrittenSpan));
        Assert.Equal("(utf8,bytes)", RecordCodec<(Utf8Text, ByteSlice)>.Default.Shape);
        Assert.Equal(["a", "", "\u00E9"], RecordBlock.Open<Utf8Text>(RecordBlock.Encode([Utf8Text.From("a"), default, Utf8Text.From("\u00E9")])).Next().ToArray().Select(text => text.ToString()));
        Assert.Throws<InvalidDataException>(() => Decode("03000000" + "01" + "000103" + "61C3A9"));
        Assert.Throws<InvalidDataException>(() => Decode("03000000" + "01" + "030103" + "61C3A9"));

        static void Decode(string hex)
        {
            var input = new RecordInput(Convert.FromHexString(hex));
            RecordCodec<Utf8Text>.Default.Decode(ref input, new Utf8Text[3]);
        }
    }

    private static string RandomText(Random random, int length)
    {
        var runes = Letters.EnumerateRunes().ToArray();
        return string.Concat(Enumerable.Range(0, length).Select(_ => runes[random.Next(runes.Length)].ToString()));
    }

    private sealed record Item(Utf8Text Word, int Count);
}
