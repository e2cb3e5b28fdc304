using Dpark.Partitioning;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>Neighbouring buckets that are read as one partition.</summary>
public sealed class BucketRangeTests
{
    private const int BucketCount = 16;
    private const int MapCount = 3;

    [Theory]
    [InlineData(0, 16)]
    [InlineData(3, 5)]
    [InlineData(15, 1)]
    public void Read_SeveralBuckets_IsWhatEachOfThemHas(int first, int count)
    {
        using var rig = new ShuffleRig(_ => { });
        var context = rig.NewContext();
        Write(rig, context);

        Assert.Equal(
            Enumerable.Range(first, count).SelectMany(bucket => Read(rig, bucket, context)).Order(),
            Read(rig, new BucketRange(first, count), context).Order());
        Assert.Equal(
            Enumerable.Range(first, count).SelectMany(bucket => ReadCombined(rig, bucket, context)).Order(),
            ReadCombined(rig, new BucketRange(first, count), context).Order());
    }

    [Fact]
    public void BucketBytes_OfAllMaps_IsTheirSum()
    {
        using var rig = new ShuffleRig(_ => { });
        var context = rig.NewContext();
        Write(rig, context);

        var bytes = rig.Store.BucketBytes(rig.Shuffle, context);

        Assert.Equal(BucketCount, bytes.Length);
        Assert.All(bytes, size => Assert.True(size > 0));
        Assert.Equal(context.Metrics.ShuffleBytesWritten, bytes.Sum());
    }

    [Fact]
    public void Read_SomeMaps_IsWhatTheyWrote()
    {
        using var rig = new ShuffleRig(_ => { });
        var context = rig.NewContext();
        Write(rig, context);
        var buckets = new BucketRange(3, 5);

        var parts = new[] { new MapRange(0, 1), new MapRange(1, int.MaxValue - 1) }.Select(maps => Read(rig, buckets, maps, context)).ToArray();

        Assert.Equal(Read(rig, buckets, context).Count, MapCount * parts[0].Count);
        Assert.Equal(Read(rig, buckets, context).Order(), parts.SelectMany(part => part).Order());
        Assert.Empty(Read(rig, buckets, new MapRange(MapCount, 1), context));
        var bytes = rig.Store.BucketBytes(rig.Shuffle, context);
        Assert.Equal(bytes[3..8].Sum(), rig.Store.MapBytes(rig.Shuffle, buckets, context).Sum());
        Assert.Equal(MapCount, rig.Store.MapBytes(rig.Shuffle, buckets, context).Length);
    }

    private static void Write(ShuffleRig rig, TaskContext context)
    {
        for (var map = 0; map < MapCount; map++)
        {
            rig.Write(map, Enumerable.Range(0, 2_000).Select(i => (i * 7 % 500, (long)i)), new HashPartitioner(BucketCount), aggregator: (Aggregator<long, long>?)null, context);
        }
    }

    private static List<(int Key, long Value)> Read(ShuffleRig rig, BucketRange buckets, TaskContext context)
    {
        using var reader = rig.Store.ReadBucket<int, long>(rig.Shuffle, buckets, context);
        return ReadAll(reader);
    }

    private static List<(int Key, long Value)> Read(ShuffleRig rig, BucketRange buckets, MapRange maps, TaskContext context)
    {
        using var reader = rig.Store.ReadBucket<int, long>(rig.Shuffle, buckets, maps, context);
        return ReadAll(reader);
    }

    private static List<(int Key, long Value)> ReadCombined(ShuffleRig rig, BucketRange buckets, TaskContext context)
    {
        using var reader = rig.Store.ReadCombined<int, long>(rig.Shuffle, buckets, (one, other) => one + other, context);
        return ReadAll(reader);
    }

    private static List<(int Key, long Value)> ReadAll(Rdds.BatchReader<(int Key, long Value)> reader)
    {
        List<(int Key, long Value)> all = [];
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            all.AddRange(batch);
        }

        return all;
    }
}
