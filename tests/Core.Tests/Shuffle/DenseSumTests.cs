using System.Numerics;

namespace Dpark.Shuffle;

/// <summary>Numbers that are added without looking which places are used: -0, with which unused places begin, is one of them.</summary>
public sealed class DenseSumTests
{
    private const int KeyCount = 9;

    [Fact]
    public void AddSums_NegativeZeroAnywhere_IsThere()
    {
        for (var at = 0; at < KeyCount; at++)
        {
            AssertSums<double>([.. Enumerable.Range(0, KeyCount).Select(key => (2L * key, key == at ? -0.0 : key))]);
            AssertSums<float>([.. Enumerable.Range(0, KeyCount).Select(key => (2L * key, key == at ? -0f : key))]);
        }
    }

    [Fact]
    public void AddSums_NegativeZeroAndOthers_AreAddedAsByHand()
    {
        AssertSums<double>([(0, -0.0), (0, -0.0), (4, -0.0), (4, 1.0), (6, 1.0), (6, -0.0), (8, 0.0), (8, -0.0), (2, -0.0)]);
        AssertSums<double>([(0, double.NaN), (2, double.NegativeInfinity), (4, -double.Epsilon), (6, 5.0), (6, -5.0), (8, -0.0)]);
        AssertSums<float>([(0, -0f), (2, 3f), (0, -0f), (2, -3f), (4, float.NaN)]);
    }

    [Fact]
    public void AddSums_WholeNumbersThatAddUpToNothing_AreThere()
    {
        AssertSums<long>([(0, 5), (2, 0), (0, -5), (4, 7)]);
        AssertSums<int>([(0, 5), (2, 0), (0, -5), (4, 7)]);
        AssertSums<ulong>([(0, ulong.MaxValue), (0, 1), (6, 0)]);
    }

    [Fact]
    public void AddSums_KeysWithTheBitsOfNegativeZero_AreKeysAsOthers()
    {
        AssertSums<double>([(long.MinValue, 1.0), (long.MinValue + 1, -0.0), (long.MinValue + 2, 3.0)], first: long.MinValue);
        AssertSums<float>([(long.MinValue, 1f), (long.MinValue + 1, -0f), (long.MinValue + 2, 3f)], first: long.MinValue);
    }

    [Fact]
    public void AddKnownSums_KeysWithoutPlaces_AreLeftOver()
    {
        using var table = DenseTable<long, double>.Create(first: 0, placeCount: 64);
        var others = new (long Key, double Value)[6];

        var count = table.AddKnownSums<double>([(64, 1.0), (3, 2.0), (-1, -0.0), (3, -0.0), (long.MinValue, 5.0), (63, -0.0)], others);

        Assert.Equal([(64, 1.0), (-1, -0.0), (long.MinValue, 5.0)], others[..count]);
        var place = 0;
        var read = new (long Key, double Value)[table.Count];
        Assert.Equal(2, table.ReadOn(ref place, read));
        Assert.Equal([(3, 2.0), (63, -0.0)], read);
    }

    // More than are split at once, and not as many again; none, some and all with a place.
    [Theory]
    [InlineData(0)]
    [InlineData(37)]
    [InlineData(100)]
    public void AddKnownSums_ManyPairs_AreAddedOrLeftOverInOrder(int percentKnown)
    {
        const int PlaceCount = 640;
        var random = new Random(percentKnown);
        var pairs = Enumerable.Range(0, 1000).Select(i => (Key: 5 + random.NextInt64(PlaceCount) - (random.Next(100) < percentKnown ? 0 : PlaceCount), Value: (long)i)).ToArray();
        using var table = DenseTable<long, long>.Create(first: 5, PlaceCount);
        var others = new (long Key, long Value)[pairs.Length];

        var count = table.AddKnownSums<long>(pairs, others);

        Assert.Equal(pairs.Where(pair => pair.Key < 5), others[..count]);
        var place = 0;
        var read = new (long Key, long Value)[PlaceCount];
        var readCount = table.ReadOn(ref place, read);
        Assert.Equal(
            pairs.Where(pair => pair.Key >= 5).GroupBy(pair => pair.Key).Select(group => (group.Key, group.Sum(pair => pair.Value))).OrderBy(pair => pair.Key),
            read[..readCount]);
    }

    // Larger than a core's cache, so that places are asked for before they are needed: also such that are not there, and behind the last pair.
    [Fact]
    public void AddSums_LargeTable_AddsUpToTheFirstKeyWithoutAPlace()
    {
        AssertFarSums(value => (double)value);
        AssertFarSums(value => value);
    }

    private static void AssertFarSums<T>(Func<long, T> valueOf)
        where T : unmanaged, INumber<T>
    {
        const int PlaceCount = 1 << 20;
        var random = new Random(1);
        (long Key, T Value)[] pairs = [.. Enumerable.Range(0, 300).Select(i => (random.NextInt64(PlaceCount / 4), valueOf(i)))];
        pairs[200].Key = long.MaxValue;
        pairs[210].Key = -1;
        using var table = DenseTable<long, T>.Create(first: 0, PlaceCount);
        Assert.False(table.IsNear);

        Assert.Equal(200, table.AddSums<T>(pairs));
        Assert.Equal(9, table.AddSums<T>(pairs.AsSpan(201)));

        var read = new (long Key, T Value)[table.Count];
        var place = 0;
        Assert.Equal(read.Length, table.ReadOn(ref place, read));
        Assert.Equal(
            pairs[..200].Concat(pairs[201..210]).GroupBy(pair => pair.Key).Select(group => (group.Key, group.Aggregate(T.Zero, (sum, pair) => sum + pair.Value))).OrderBy(pair => pair.Key),
            read);
    }

    // Two times, for the second time finds places that were marked.
    private static void AssertSums<T>((long Key, T Value)[] pairs, long first = 0)
        where T : unmanaged, INumber<T>
    {
        AssertSums(pairs, first, isKnown: false);
        AssertSums(pairs, first, isKnown: true);
    }

    private static void AssertSums<T>((long Key, T Value)[] pairs, long first, bool isKnown)
        where T : unmanaged, INumber<T>
    {
        using var table = DenseTable<long, T>.TryCreate(first, first + (2 * KeyCount), maxBytes: 1 << 20, cheapBytes: 0)!;
        var expected = new SortedDictionary<long, T>();
        for (var round = 0; round < 2; round++)
        {
            foreach (var (key, value) in pairs)
            {
                expected[key] = expected.TryGetValue(key, out var sum) ? sum + value : value;
            }

            if (isKnown)
            {
                Assert.Equal(0, table.AddKnownSums<T>(pairs, new (long, T)[pairs.Length]));
            }
            else
            {
                Assert.Equal(pairs.Length, table.AddSums<T>(pairs));
            }

            var read = new (long Key, T Value)[table.Count];
            var place = 0;
            Assert.Equal(read.Length, table.ReadOn(ref place, read));
            Assert.Equal(expected.Select(pair => (pair.Key, TextOf(pair.Value))), read.Select(pair => (pair.Key, TextOf(pair.Value))));
        }
    }

    // Tells 0 from -0.
    private static string TextOf<T>(T value)
        where T : INumber<T> => value.ToString(null, System.Globalization.CultureInfo.InvariantCulture);
}
