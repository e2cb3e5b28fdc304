using System.Numerics;
using System.Runtime.InteropServices;

namespace Dpark.Shuffle;

/// <summary>Frames of numbers, written from one dense table and added to another: the sums are those of a loop, to the bit, for every type of number and whatever places are used.</summary>
public sealed class FrameSumTests
{
    private const int PlaceCount = 300;

    public static TheoryData<int, double> Tables => new()
    {
        { 0, 0.5 },
        { 0, 1 },
        { 0, 0.02 },
        { 1, 0.5 },
        { 63, 0.5 },
        { 64, 0.9 },
        { 65, 1 },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public void AddFrameOfNumbers_Double_AsALoop(int shift, double share) => AddAsALoop(shift, share, i => i % 7 == 0 ? -0.0 : i % 11 == 0 ? 0.0 : i / 3.0);

    [Theory]
    [MemberData(nameof(Tables))]
    public void AddFrameOfNumbers_Float_AsALoop(int shift, double share) => AddAsALoop(shift, share, i => i % 7 == 0 ? -0.0f : i / 3.0f);

    [Theory]
    [MemberData(nameof(Tables))]
    public void AddFrameOfNumbers_Long_AsALoop(int shift, double share) => AddAsALoop(shift, share, i => i % 7 == 0 ? 0 : (i << 40) - (1L << 55));

    [Theory]
    [MemberData(nameof(Tables))]
    public void AddFrameOfNumbers_UnsignedLong_AsALoop(int shift, double share) => AddAsALoop(shift, share, i => ulong.MaxValue / (ulong)(i + 1));

    [Theory]
    [MemberData(nameof(Tables))]
    public void AddFrameOfNumbers_Int_AsALoop(int shift, double share) => AddAsALoop(shift, share, i => (i << 20) - 5);

    [Theory]
    [MemberData(nameof(Tables))]
    public void AddFrameOfNumbers_UnsignedInt_AsALoop(int shift, double share) => AddAsALoop(shift, share, i => (uint)i * 40_000_000);

    /// <param name="shift">How many places the table begins before the frame's one.</param>
    /// <param name="share">Of the places that are used.</param>
    private static void AddAsALoop<T>(int shift, double share, Func<int, T> valueOf)
        where T : struct, INumberBase<T>
    {
        var random = new Random(shift + 1);
        using var source = DenseTable<long, T>.Create(first: 1_000, PlaceCount);
        using var target = DenseTable<long, T>.Create(1_000 - shift, PlaceCount + shift);
        var expected = new SortedDictionary<long, T>();
        for (var i = 0; i < PlaceCount; i++)
        {
            if (random.NextDouble() < 0.5)
            {
                target.GetOrAdd(i, out _) = valueOf(PlaceCount - i);
                expected.Add(target.KeyAt(i), valueOf(PlaceCount - i));
            }
        }

        var frames = new List<byte[]>();
        for (var frame = 0; frame < 2; frame++)
        {
            source.Clear();
            for (var i = 0; i < PlaceCount; i++)
            {
                if (i == PlaceCount - 1 || random.NextDouble() < share)
                {
                    var key = source.KeyAt(i);
                    source.GetOrAdd(i, out _) = valueOf(i + frame);
                    expected[key] = expected.TryGetValue(key, out var sum) ? unchecked(sum + valueOf(i + frame)) : valueOf(i + frame);
                }
            }

            frames.Add(FramePayload.Of(source));
        }

        foreach (var frame in frames)
        {
            target.AddFrameOfNumbers(DenseFrame<long, T>.Check(frame));
        }

        var pairs = new (long Key, T Value)[PlaceCount + shift];
        var position = 0;
        pairs = pairs[..target.ReadOn(ref position, pairs)];
        Assert.Equal(expected.Count, target.Count);
        Assert.Equal(expected.Keys, pairs.Select(pair => pair.Key));
        Assert.Equal(BytesOf(expected.Values), BytesOf(pairs.Select(pair => pair.Value)));
    }

    // 0 and -0 are different.
    private static byte[] BytesOf<T>(IEnumerable<T> values)
        where T : struct => MemoryMarshal.AsBytes<T>(values.ToArray()).ToArray();
}
