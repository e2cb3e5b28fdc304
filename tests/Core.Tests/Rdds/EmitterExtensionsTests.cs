using Dpark.Rdds;
using Dpark.TestKit.Rdds;

namespace Dpark.Tests.Rdds;

public sealed class EmitterExtensionsTests
{
    private readonly InlineRddContext _dpark = new();

    public static TheoryData<int> Lengths => [.. Enumerable.Range(0, 40), 63, 64, 65, 1_000, BatchReader.Capacity + 1, (3 * BatchReader.Capacity) + 5];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void AddPairs_AnyLength_APairPerKeyInOrder(int length)
    {
        CheckPairs(length, i => (long)i * 1_234_567_890_123, 0.25);
        CheckPairs(length, i => i, 7L);
        CheckPairs(length, i => -i, i => (short)i);
        CheckPairs(length, i => (byte)i, long.MinValue);
        CheckPairs(length, i => i * 0.5, DateTime.UnixEpoch);
        CheckPairs(length, i => i, Guid.Empty);
        CheckPairs(length, i => (i, i + 1), 2.5);
        CheckPairs(length, i => $"{i}", -1L);
        CheckPairs(length, i => (long)i, (string?)null);
    }

    [Fact]
    public void AddPairs_BitsThatAreNoNumber_StayAsTheyAre()
    {
        long[] bits = [long.MinValue, -1, 0x7FF0_0000_0000_0001, -0x000F_FFFF_FFFF_FFFF, 0];
        var value = BitConverter.Int64BitsToDouble(0x7FF0_0000_0000_0123);
        var emitter = new Emitter<(double, double)>();

        emitter.AddPairs<double, double>([.. bits.Select(BitConverter.Int64BitsToDouble)], value);

        Assert.Equal(
            bits.Select(key => (key, 0x7FF0_0000_0000_0123)),
            emitter.Items.ToArray().Select(pair => (BitConverter.DoubleToInt64Bits(pair.Item1), BitConverter.DoubleToInt64Bits(pair.Item2))));
    }

    [Fact]
    public async Task FlatMap_AddsPairs_AsLinq()
    {
        int[] numbers = [.. Enumerable.Range(0, 3_000).Select(number => number * 7 % 23)];

        var pairs = await _dpark.Parallelize(numbers, 2)
            .FlatMap<(long, double)>((number, output) => output.AddPairs(Enumerable.Range(0, number).Select(i => (long)i).ToArray(), number / 2.0))
            .CollectAsync();

        Assert.Equal(numbers.SelectMany(number => Enumerable.Range(0, number).Select(i => ((long)i, number / 2.0))), pairs);
    }

    private static void CheckPairs<TKey, TValue>(int length, Func<int, TKey> keyOf, TValue value) => CheckPairs(length, keyOf, _ => value);

    // Pairs before and behind, so that one that is written too early or too late shows.
    private static void CheckPairs<TKey, TValue>(int length, Func<int, TKey> keyOf, Func<int, TValue> valueOf)
    {
        TKey[] keys = [.. Enumerable.Range(1, length).Select(keyOf)];
        var emitter = new Emitter<(TKey, TValue)>();
        var (before, behind) = ((keyOf(101), valueOf(101)), (keyOf(102), valueOf(102)));

        emitter.Add(before);
        emitter.AddPairs(keys, valueOf(1));
        emitter.Add(behind);
        emitter.AddPairs(keys, valueOf(2));

        (TKey, TValue)[] expected = [before, .. keys.Select(key => (key, valueOf(1))), behind, .. keys.Select(key => (key, valueOf(2)))];
        Assert.Equal(expected, emitter.Items.ToArray());
    }
}
