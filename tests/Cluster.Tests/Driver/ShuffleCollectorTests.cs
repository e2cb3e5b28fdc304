namespace Dpark.Driver;

/// <summary>When the driver asks for young garbage, so that workers can drop map outputs.</summary>
public sealed class ShuffleCollectorTests
{
    [Fact]
    public void TryCollect_LessThanTheLimitWasShuffled_DoesNothing()
    {
        var collector = new ShuffleCollector(leastBytes: 100);

        Assert.False(collector.TryCollect(99));
        Assert.True(collector.TryCollect(100));
        collector.Forgot();
        Assert.False(collector.TryCollect(199));
        Assert.True(collector.TryCollect(200));
    }

    [Fact]
    public void TryCollect_ShufflesWereForgotten_CollectsAfterEachLimit()
    {
        var collector = new ShuffleCollector(leastBytes: 100);
        for (var i = 1; i <= 20; i++)
        {
            Assert.True(collector.TryCollect(i * 100));
            collector.Forgot();
        }
    }

    [Fact]
    public void TryCollect_NothingWasForgotten_WaitsForTwiceAsMuchEachTime()
    {
        var collector = new ShuffleCollector(leastBytes: 1);
        var collections = 0;
        for (var i = 1; i <= 2047; i++)
        {
            collections += collector.TryCollect(i) ? 1 : 0;
        }

        // At 1, 1 + 2, 1 + 2 + 4 and so on.
        Assert.Equal(11, collections);
        Assert.False(collector.TryCollect(2047 + 1023));
        Assert.True(collector.TryCollect(2047 + 1024));

        collector.Forgot();
        Assert.True(collector.TryCollect(2047 + 1025));
    }

    [Fact]
    public void TryCollect_NoLimit_DoesNothing() => Assert.False(new ShuffleCollector(leastBytes: 0).TryCollect(long.MaxValue));
}
