using Dpark.Partitioning;
using Dpark.Shuffle;
using Dpark.Storage;
using Dpark.Text;

namespace Dpark.Sorting;

/// <summary>Sorts through files, in memory and in runs, beside LINQ, whose sort is stable.</summary>
public sealed class SortedShuffleTests
{
    private const int MapCount = 5;
    private const int ElementsPerMap = 3000;

    [Theory]
    [InlineData(1 << 28, 64)]
    [InlineData(256 << 10, 64)]
    [InlineData(64 << 10, 64)]
    [InlineData(64 << 10, 2)]
    public void ReadSorted_AnyKeys_AsLinq(int limit, int mergeWidth)
    {
        Check(limit, mergeWidth, (map, i) => (Key: (i * 7919) % 101, Text: $"{map}.{i}"), element => element.Key);
        Check(limit, mergeWidth, (map, i) => $"common beginning {(i * 7919) % 1009}", element => element);
        Check(limit, mergeWidth, (map, i) => (A: i % 3, B: (i * 31) % 17, Map: map, Index: i), element => (element.A, element.B));
        Check(limit, mergeWidth, (map, i) => (Key: new Guid(i % 50, 0, 0, new byte[8]), Map: map, Index: i), element => element.Key);
        Check(limit, mergeWidth, (map, i) => (long)(i ^ 0x555) << 20, element => element);
    }

    [Theory]
    [InlineData(1 << 28)]
    [InlineData(128 << 10)]
    public void ReadSorted_Texts_AsLinqAndWithinTheirLives(int limit)
    {
        using var rig = NewRig(limit, 3);
        string[][] maps = [.. Enumerable.Range(0, MapCount).Select(map => Enumerable.Range(0, ElementsPerMap).Select(i => $"{(i * 7919) % 1009} of {map}").ToArray())];
        for (var map = 0; map < MapCount; map++)
        {
            Write(rig, map, maps[map].Select(text => Utf8Text.From(text)));
        }

        var found = new List<string>();
        var context = rig.NewContext();
        using (var reader = rig.Store.ReadSorted<Utf8Text, Utf8Text>(rig.Shuffle, 0, text => text[..text.IndexOf((byte)' ')], null, false, context))
        {
            for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
            {
                found.AddRange(batch.ToArray().Select(text => text.ToString()));
            }
        }

        Assert.Equal(maps.SelectMany(map => map).OrderBy(text => text.Split(' ')[0], StringComparer.Ordinal), found);
        Assert.Equal(limit < 1 << 20, context.Metrics.SpilledBytes > 0);
    }

    [Fact]
    public void ReadSorted_NoElements_GivesNone()
    {
        using var rig = NewRig(1 << 20, 64);
        Write(rig, 0, Array.Empty<int>());

        using var reader = rig.Store.ReadSorted<int, int>(rig.Shuffle, 0, element => element, null, false, rig.NewContext());

        Assert.True(reader.Next().IsEmpty);
        Assert.True(reader.Next().IsEmpty);
    }

    [Theory]
    [InlineData(64)]
    [InlineData(2)]
    public void ReadSorted_DiskIsFullWhenARunIsWritten_TheOtherGetsTheWholeRun(int mergeWidth)
    {
        const int limit = 64 << 10;
        const long quotaBytes = 64 << 20;
        var quota = new DiskQuota(quotaBytes);
        using var rig = new ShuffleRig(options => (options.SpillThresholdBytes, options.MaxMergeWidth) = (limit, mergeWidth), quota: quota);
        string[][] maps = [.. Enumerable.Range(0, MapCount).Select(map => Enumerable.Range(0, ElementsPerMap).Select(i => $"{(i * 7919) % 1009} of {map}").ToArray())];
        for (var map = 0; map < MapCount; map++)
        {
            Write(rig, map, maps[map]);
        }

        // Has room until the run is there.
        quota.Charge(rig.FirstDirectory, quotaBytes - 1 - quota.UsedBytes(rig.FirstDirectory));

        Assert.Equal(maps.SelectMany(map => map).OrderBy(text => text, StringComparer.Ordinal), Read<string, string>(rig, limit, text => text, isDescending: false));
    }

    [Fact]
    public void ReadSorted_ManyMoreRunsThanAreMergedAtOnce_EachElementIsWrittenOncePerLevel()
    {
        const int Count = 300_000;
        int[] numbers = [.. Enumerable.Range(0, Count).Select(i => i * 7919 % 1_000_003)];

        var once = SpilledBytes(mergeWidth: 1024);
        var merged = SpilledBytes(mergeWidth: 4);

        // Hundreds of runs: three to four levels, behind the first time.
        Assert.InRange(merged, once * 2, once * 5);

        long SpilledBytes(int mergeWidth)
        {
            using var rig = NewRig(64 << 10, mergeWidth);
            Write(rig, 0, numbers);
            var context = rig.NewContext();
            using var reader = rig.Store.ReadSorted<int, int>(rig.Shuffle, 0, number => number, null, false, context);
            Assert.Equal(numbers.Order(), ShuffleRig.ReadAll(reader));
            return context.Metrics.SpilledBytes;
        }
    }

    private static void Check<T, TKey>(int limit, int mergeWidth, Func<int, int, T> element, Func<T, TKey> key)
    {
        using var rig = NewRig(limit, mergeWidth);
        T[][] maps = [.. Enumerable.Range(0, MapCount).Select(map => Enumerable.Range(0, ElementsPerMap).Select(i => element(map, i)).ToArray())];
        for (var map = MapCount - 1; map >= 0; map--)
        {
            Write(rig, map, maps[map]);
        }

        var all = maps.SelectMany(map => map).ToArray();
        Assert.Equal(all.OrderBy(key, DefaultOrder<TKey>.Comparer), Read(rig, limit, key, isDescending: false));
        Assert.Equal(all.OrderByDescending(key, DefaultOrder<TKey>.Comparer), Read(rig, limit, key, isDescending: true));
    }

    private static List<T> Read<T, TKey>(ShuffleRig rig, int limit, Func<T, TKey> key, bool isDescending)
    {
        var found = new List<T>();
        var context = rig.NewContext();
        using (var reader = rig.Store.ReadSorted(rig.Shuffle, 0, key, null, isDescending, context))
        {
            for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
            {
                found.AddRange(batch);
            }
        }

        Assert.Equal(limit <= 256 << 10, context.Metrics.SpilledBytes > 0);
        return found;
    }

    private static void Write<T>(ShuffleRig rig, int map, IEnumerable<T> elements) => rig.Write<long, T, T>(
        map, elements.Select(element => (BucketPartitioner.KeyOf(0, map), element)), new BucketPartitioner(1), aggregator: null);

    private static ShuffleRig NewRig(int limit, int mergeWidth) => new(options =>
    {
        options.SpillThresholdBytes = limit;
        options.MaxMergeWidth = mergeWidth;
    });
}
