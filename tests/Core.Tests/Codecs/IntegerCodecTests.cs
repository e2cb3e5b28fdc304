using System.Numerics;

namespace Dpark.Codecs;

/// <summary>Columns of integers in as few bytes as they need.</summary>
public sealed class IntegerCodecTests
{
    private static readonly int[] Counts = [1, 2, 3, 9, 255, 256, 257, 263, 1000, 1024];

    [Fact]
    public void RoundTrip_AnyRangeAnywhere_KeepsEveryNumberInFewBytes()
    {
        AssertRanges<int>(sizeof(int));
        AssertRanges<uint>(sizeof(uint));
        AssertRanges<long>(sizeof(long));
        AssertRanges<ulong>(sizeof(ulong));
    }

    // One number far from the others, at every place: before, in and behind the last whole vector.
    [Theory]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(267)]
    public void RoundTrip_OneNumberFarAway_IsKept(int count)
    {
        for (var place = 0; place < count; place++)
        {
            var numbers = Enumerable.Repeat(5L, count).ToArray();
            numbers[place] = long.MinValue;
            Assert.Equal(1 + (count * sizeof(long)), RoundTrip(numbers));
            numbers[place] = 5 + 70_000;
            Assert.Equal(1 + sizeof(long) + (count * sizeof(int)), RoundTrip(numbers));
            numbers[place] = 5 - 70;
            Assert.Equal(1 + sizeof(long) + count, RoundTrip(numbers));
        }
    }

    // Lengths are written in the same way, and in as many bytes as they have in memory where one of them is long.
    [Theory]
    [InlineData(0)]
    [InlineData(300)]
    [InlineData(70_000)]
    public void RoundTrip_ManyLengthsOfWhichOneIsLong_AreKept(int longest)
    {
        byte[]?[] arrays = [.. Enumerable.Range(0, 300).Select(i => i % 7 == 0 ? null : new byte[i % 5])];
        arrays[170] = new byte[longest];

        RoundTrip(arrays);
    }

    [Fact]
    public void Decode_WiderThanNeeded_IsRead()
    {
        Assert.Equal([7, 8], Decode<int>("02 07000000 0000 0100", 2));
        Assert.Equal([7L, 8], Decode<long>("04 0700000000000000 00000000 01000000", 2));
        Assert.Equal([int.MaxValue, int.MinValue], Decode<int>("01 FFFFFF7F 00 01", 2));
    }

    [Theory]
    [InlineData("00 07000000 0000")]
    [InlineData("03 07000000 0000000000000000")]
    [InlineData("08 0700000000000000 0700000000000000")]
    [InlineData("10 07000000 07000000")]
    [InlineData("FF 07000000 07000000")]
    [InlineData("02 07000000 000001")]
    [InlineData("01 070000")]
    [InlineData("04 07000000 070000")]
    [InlineData("")]
    public void Decode_NoColumnOfIntegers_IsRefused(string bytes) => Assert.Throws<InvalidDataException>(() => Decode<int>(bytes, 2));

    [Fact]
    public void RoundTrip_Arrays_AreInRunsOfTheirOwnWidth()
    {
        int[][] arrays = [[.. Enumerable.Range(0, 5000)], [], [int.MinValue, int.MaxValue], [.. Enumerable.Range(-3, 10_000)]];

        var block = RecordBlock.Encode<int[]>(arrays);

        // The second of four runs has the extremes.
        Assert.InRange(block.Length, (3 * 4096 * sizeof(short)) + (2700 * sizeof(int)), (3 * 4096 * sizeof(short)) + (2900 * sizeof(int)) + 4096 * sizeof(short));
        using var reader = RecordBlock.Open<int[]>(block);
        Assert.Equal(arrays, reader.Next().ToArray());
    }

    private static void AssertRanges<T>(int size)
        where T : unmanaged, IBinaryInteger<T>, IMinMaxValue<T>
    {
        var random = new Random(17);
        for (var bits = 0; bits <= 8 * size; bits++)
        {
            var range = bits == 8 * size ? ulong.MaxValue : (1UL << bits) - 1;
            foreach (var least in new[] { T.MinValue, T.Zero, T.MaxValue - T.CreateTruncating(range), T.Zero - T.CreateTruncating(range) })
            {
                if (T.CreateTruncating(range) + least < least)
                {
                    continue;
                }

                foreach (var count in Counts)
                {
                    var numbers = Enumerable.Range(0, count).Select(_ => least + T.CreateTruncating(((ulong)random.NextInt64() << 1) & range)).ToArray();
                    numbers[random.Next(count)] = least;
                    numbers[random.Next(count)] = least + T.CreateTruncating(range);
                    Assert.InRange(RoundTrip(numbers), 1 + count, 1 + Math.Min(size * count, size + (count * WidthOf(bits))));
                }
            }
        }
    }

    private static int WidthOf(int bits) => bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;

    private static int RoundTrip<T>(T[] numbers)
    {
        using var output = new RecordBuffer();
        RecordCodec<T>.Default.Encode(numbers, output);
        var input = new RecordInput(output.WrittenSpan);
        var decoded = new T[numbers.Length];
        RecordCodec<T>.Default.Decode(ref input, decoded);

        Assert.Equal(0, input.Remaining);
        Assert.Equal(numbers, decoded);
        return output.Length;
    }

    private static T[] Decode<T>(string bytes, int count)
    {
        var input = new RecordInput(Convert.FromHexString(bytes.Replace(" ", "", StringComparison.Ordinal)));
        var decoded = new T[count];
        RecordCodec<T>.Default.Decode(ref input, decoded);
        return decoded;
    }
}
