namespace Dpark.Shuffle;

public sealed class SumPlacesTests
{
    [Fact]
    public void IsSumOf_NegativeZeroAnywhere_IsFound()
    {
        for (var count = 1; count <= 9; count++)
        {
            for (var at = 0; at < count; at++)
            {
                Assert.False(SumPlaces.IsSumOf<long, double>(Pairs(count, at, i => (long)i)), $"{at} of {count}");
                Assert.False(SumPlaces.IsSumOf<ulong, double>(Pairs(count, at, i => (ulong)i)), $"{at} of {count}");
                Assert.False(SumPlaces.IsSumOf<int, double>(Pairs(count, at, i => i)), $"{at} of {count}");
            }
        }
    }

    [Fact]
    public void IsSumOf_OtherNumbers_AllTellByThemselves()
    {
        if (!System.Runtime.Intrinsics.Vector256.IsHardwareAccelerated)
        {
            // Then every sum is looked at.
            return;
        }

        // Keys may have the bits of -0, and what lies between a short key and its number may have any.
        Assert.True(SumPlaces.IsSumOf<long, double>(Pairs(7, -1, _ => long.MinValue)));
        Assert.True(SumPlaces.IsSumOf<ulong, double>(Pairs(7, -1, _ => 1UL << 63)));
        Assert.True(SumPlaces.IsSumOf<int, double>(Pairs(7, -1, _ => int.MinValue)));
        Assert.True(SumPlaces.IsSumOf<long, double>([(1, 0.0), (2, double.NaN), (3, double.NegativeInfinity), (4, -double.Epsilon)]));
    }

    [Fact]
    public void IsSumOf_NumbersWhoseSumsMayBeNothing_IsFalse()
    {
        Assert.False(SumPlaces.IsSumOf<long, long>([(1, 1)]));
        Assert.False(SumPlaces.IsSumOf<long, int>([(1, 1)]));
        Assert.False(SumPlaces.IsSumOf<long, float>([(1, 1f)]));
    }

    private static (TKey Key, double Value)[] Pairs<TKey>(int count, int negativeZeroAt, Func<int, TKey> keyOf) =>
        [.. Enumerable.Range(0, count).Select(i => (keyOf(i), i == negativeZeroAt ? -0.0 : i))];
}
