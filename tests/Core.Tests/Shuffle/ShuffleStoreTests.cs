using Dpark.Configuration;
using Dpark.Partitioning;
using Dpark.TestKit.Rdds;

namespace Dpark.Shuffle;

/// <summary>What goes into a shuffle comes out, once, in the right bucket; with and without spilling.</summary>
public sealed class ShuffleStoreTests
{
    private static readonly Aggregator<long, long> Sum = new(value => value, (sum, value) => sum + value, (left, right) => left + right);

    public static TheoryData<long, ShuffleCompression> Limits => new()
    {
        { 256 << 20, ShuffleCompression.None },
        { 256 << 20, ShuffleCompression.Lz4 },
        { 64 << 10, ShuffleCompression.None },
        { 64 << 10, ShuffleCompression.Lz4 },
    };

    [Theory]
    [MemberData(nameof(Limits))]
    public void ReadBucket_PairsAsWritten_ComeBackOnce(long limit, ShuffleCompression compression)
    {
        using var rig = NewRig(limit, compression);
        (string, int)[][] maps = [.. Enumerable.Range(0, 3).Select(map => Enumerable.Range(0, 20_000).Select(i => ($"key-{i % 700}", (map * 100_000) + i)).ToArray())];
        for (var map = 0; map < maps.Length; map++)
        {
            Assert.Equal(20_000, rig.Write(map, maps[map], bucketCount: 4).RecordCount);
        }

        var buckets = Enumerable.Range(0, 4).Select(bucket => rig.ReadBucket<string, int>(bucket)).ToArray();

        Assert.Equal(maps.SelectMany(map => map).Order(), buckets.SelectMany(bucket => bucket).Order());
        AssertInTheirBuckets(buckets.Select(bucket => bucket.Select(pair => pair.Key)));
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public void ReadCombined_ManyKeys_SumsEachKeyOnce(long limit, ShuffleCompression compression)
    {
        using var rig = NewRig(limit, compression);
        var expected = new Dictionary<string, long>();
        for (var map = 0; map < 3; map++)
        {
            (string, long)[] pairs = [.. Enumerable.Range(0, 60_000).Select(i => ($"key-{(i * 7919L) % 25_000}", (long)(i + map)))];
            foreach (var (key, value) in pairs)
            {
                expected[key] = expected.GetValueOrDefault(key) + value;
            }

            rig.Write(map, pairs, new HashPartitioner(3), Sum);
        }

        var context = rig.NewContext();
        var actual = Enumerable.Range(0, 3).SelectMany(bucket => rig.ReadCombined<string, long>(bucket, (a, b) => a + b, context)).ToList();

        Assert.Equal(expected.Count, actual.Count);
        Assert.Equal(expected, actual.ToDictionary());
        Assert.Equal(limit < 1 << 20, context.Metrics.SpilledBytes > 0);
        Assert.Equal(3, rig.AllFiles().Length);
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public void ReadCombined_KeysAreNumbers_SumsEachKeyOnce(long limit, ShuffleCompression compression)
    {
        // Zero, negative ones, and ones that agree in their lower or upper halves.
        long[] keys = [0, long.MinValue, long.MaxValue, .. Enumerable.Range(1, 9_000).SelectMany(i => new long[] { i, (long)i << 32, -i })];

        Assert.Equal(keys.ToDictionary(key => key, key => (key & 0xFF) * 3), SumOverMaps(keys, limit, compression));
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public void ReadCombined_KeysAreShortNumbers_SumsEachKeyOnce(long limit, ShuffleCompression compression)
    {
        int[] signed = [.. Enumerable.Range(-10_000, 20_000)];
        uint[] unsigned = [.. Enumerable.Range(0, 20_000).Select(i => (uint)i * 200_000)];

        Assert.Equal(signed.ToDictionary(key => key, key => (key & 0xFF) * 3L), SumOverMaps(signed, limit, compression));
        Assert.Equal(unsigned.ToDictionary(key => key, key => (key & 0xFF) * 3L), SumOverMaps(unsigned, limit, compression));
    }

    [Theory]
    [MemberData(nameof(Limits))]
    public void ReadGrouped_ManyKeys_GathersEachKeyOnce(long limit, ShuffleCompression compression)
    {
        using var rig = NewRig(limit, compression);
        (int, string?)[] pairs = [.. Enumerable.Range(0, 50_000).Select(i => (i % 777, i % 10 == 0 ? null : $"value-{i}"))];
        rig.Write(0, pairs[..20_000], bucketCount: 2);
        rig.Write(1, pairs[20_000..], bucketCount: 2);

        var context = rig.NewContext();
        var groups = Enumerable.Range(0, 2).SelectMany(bucket => rig.ReadGrouped<int, string?>(bucket, context)).ToList();

        Assert.Equal(777, groups.Count);
        var expected = pairs.ToLookup(pair => pair.Item1, pair => pair.Item2);
        Assert.All(groups, group => Assert.Equal(expected[group.Key].Order(StringComparer.Ordinal), group.Values.Order(StringComparer.Ordinal)));
        Assert.Equal(limit < 1 << 20, context.Metrics.SpilledBytes > 0);
    }

    [Fact]
    public void WriteMapOutput_Combined_SpillsAndMerges()
    {
        using var rig = NewRig(64 << 10, ShuffleCompression.None, options => options.MaxMergeWidth = 3);
        var context = rig.NewContext();

        var output = rig.Write(0, Enumerable.Range(0, 200_000).Select(i => (i % 30_000L, 1L)), new HashPartitioner(5), Sum, context);

        Assert.True(context.Metrics.SpilledBytes > output.BucketBytes.Sum());
        Assert.Equal(30_000, output.RecordCount);
        Assert.Equal(30_000, context.Metrics.ShuffleRecordsWritten);
        Assert.Equal(output.BucketBytes.Sum(), context.Metrics.ShuffleBytesWritten);
        Assert.Single(rig.AllFiles());
        Assert.Equal(200_000, Enumerable.Range(0, 5).Sum(bucket => rig.ReadBucket<long, long>(bucket).Sum(pair => pair.Value)));
    }

    [Fact]
    public void WriteMapOutput_NotCombined_Spills()
    {
        using var rig = NewRig(64 << 10, ShuffleCompression.None);
        var context = rig.NewContext();

        var output = rig.Write<long, long, long>(0, Enumerable.Range(0, 100_000).Select(i => ((long)i, (long)i)), new HashPartitioner(50), null, context);

        Assert.True(context.Metrics.SpilledBytes > 500_000);
        Assert.Equal(100_000, output.RecordCount);
        Assert.Equal(
            Enumerable.Range(0, 100_000).Select(i => (long)i),
            Enumerable.Range(0, 50).SelectMany(bucket => rig.ReadBucket<long, long>(bucket)).Select(pair => pair.Key).Order());
    }

    [Fact]
    public void WriteMapOutput_NoPairs_HasEmptyBucketsThatCostNothing()
    {
        using var rig = new ShuffleRig();

        var output = rig.Write<string, int>(0, [], bucketCount: 4);

        Assert.Equal([0L, 0, 0, 0], output.BucketBytes.ToArray());
        File.Delete(rig.AllFiles().Single());
        Assert.Empty(rig.ReadBucket<string, int>(2));
        Assert.Empty(rig.ReadCombined<string, int>(2, (a, _) => a));
        Assert.Empty(rig.ReadGrouped<string, int>(2));
    }

    [Fact]
    public void WriteMapOutput_OneHugeRecord_ComesBack()
    {
        using var rig = NewRig(64 << 10, ShuffleCompression.Lz4);
        var huge = new string('x', 20_000_000);

        rig.Write(0, [("small", "a"), ("huge", huge), ("small", "b")], bucketCount: 2);

        var pairs = Enumerable.Range(0, 2).SelectMany(bucket => rig.ReadBucket<string, string>(bucket)).ToList();
        Assert.Equal(3, pairs.Count);
        Assert.Equal(huge, pairs.Single(pair => pair.Key == "huge").Value);
    }

    [Fact]
    public void WriteMapOutput_ManyBuckets_KeepsTheLimit()
    {
        using var rig = NewRig(64 << 10, ShuffleCompression.None);

        var output = rig.Write(0, Enumerable.Range(0, 50_000).Select(i => (i, $"{i}")), bucketCount: 3_000);

        Assert.Equal(3_000, output.BucketBytes.Length);
        Assert.Equal(50_000, Enumerable.Range(0, 3_000).Sum(bucket => rig.ReadBucket<int, string>(bucket).Count));
    }

    [Fact]
    public void ReadCombined_EqualHashesOfDifferentKeys_StayApart()
    {
        using var rig = NewRig(64 << 10, ShuffleCompression.None);
        (Colliding, long)[] pairs = [.. Enumerable.Range(0, 30_000).Select(i => (new Colliding(i % 900), 1L))];

        rig.Write(0, pairs, new HashPartitioner(2), Sum);
        rig.Write(1, pairs, new HashPartitioner(2), Sum);

        var sums = Enumerable.Range(0, 2).SelectMany(bucket => rig.ReadCombined<Colliding, long>(bucket, (a, b) => a + b)).ToList();
        Assert.Equal(900, sums.Count);
        Assert.Equal(60_000, sums.Sum(pair => pair.Value));
        Assert.Equal(900, sums.Select(pair => pair.Key.Id).Distinct().Count());
    }

    [Fact]
    public void RunMerger_EqualHashesAcrossRuns_StayApart()
    {
        (Colliding, long)[] run = [.. Enumerable.Range(0, 3_000).Select(i => new Colliding(i)).OrderBy(StableHash.Of).Select(key => (key, 1L))];
        var runs = Enumerable.Range(0, 3).Select(_ => BatchListReader<(Colliding Key, long Value)>.Of(run)).ToArray();
        using var merger = new RunMerger<Colliding, long>(runs, Merging.Fold<long>((a, b) => a + b));

        var merged = ShuffleRig.ReadAll(merger);

        Assert.Equal(3_000, merged.Count);
        Assert.All(merged, pair => Assert.Equal(3, pair.Value));
        Assert.Equal(merged.Select(pair => StableHash.Of(pair.Key)).Order(), merged.Select(pair => StableHash.Of(pair.Key)));
    }

    [Fact]
    public void ReadCombined_TuplesRecordsAndNullMembers_AreKeys()
    {
        using var rig = NewRig(64 << 10, ShuffleCompression.None);
        ((string?, int), long)[] pairs = [.. Enumerable.Range(0, 40_000).Select(i => ((i % 3 == 0 ? null : $"{i % 500}", i % 11), 1L))];

        rig.Write(0, pairs, new HashPartitioner(1), Sum);

        var sums = rig.ReadCombined<(string?, int), long>(0, (a, b) => a + b);
        Assert.Equal(pairs.GroupBy(pair => pair.Item1).ToDictionary(group => group.Key, group => group.LongCount()), sums.ToDictionary());
    }

    [Fact]
    public void ReadCombined_CombinedValuesThatGrow_Spill()
    {
        using var rig = NewRig(256 << 10, ShuffleCompression.None);
        Aggregator<int, List<int>> gather = new(value => [value], Append, (left, right) => [.. left, .. right]);
        var context = rig.NewContext();

        rig.Write(0, Enumerable.Range(0, 200_000).Select(i => (i % 10, i)), new HashPartitioner(1), gather, context);

        var lists = rig.ReadCombined<int, List<int>>(0, (left, right) => [.. left, .. right]).ToDictionary();
        Assert.True(context.Metrics.SpilledBytes > 0);
        Assert.Equal(10, lists.Count);
        Assert.All(lists, pair => Assert.Equal(Enumerable.Range(0, 20_000).Select(i => (i * 10) + pair.Key), pair.Value.Order()));
    }

    [Fact]
    public void WriteMapOutput_Cancelled_LeavesNoFile()
    {
        using var rig = NewRig(64 << 10, ShuffleCompression.None);
        using var cancellation = new CancellationTokenSource();
        var pairs = Enumerable.Range(0, 1_000_000).Select(i =>
        {
            if (i == 500_000)
            {
                cancellation.Cancel();
            }

            return ((long)i, 1L);
        });

        var context = rig.NewContext(cancellationToken: cancellation.Token);

        Assert.Throws<OperationCanceledException>(() => rig.Write(0, pairs, new HashPartitioner(2), Sum, context));
        Assert.Throws<OperationCanceledException>(() => rig.Write<long, long, long>(1, pairs, new HashPartitioner(2), null, context));
        Assert.Empty(rig.AllFiles());
    }

    [Fact]
    public void WriteMapOutput_UserCodeThrows_LeavesNoFile()
    {
        using var rig = NewRig(64 << 10, ShuffleCompression.None);
        Aggregator<long, long> failing = new(value => value, (_, _) => throw new FormatException("user"), (_, _) => throw new FormatException("user"));

        Assert.Throws<FormatException>(() => rig.Write(0, Enumerable.Range(0, 100_000).Select(i => (i % 50_000L, 1L)), new HashPartitioner(2), failing));

        Assert.Empty(rig.AllFiles());
    }

    [Fact]
    public void WriteMapOutput_PartitionerGivesNoSuchPartition_SaysWhich()
    {
        using var rig = new ShuffleRig();

        var error = Assert.Throws<InvalidOperationException>(() => rig.Write(0, [(1, 1)], new WrongPartitioner(), (Aggregator<int, int>?)null));

        Assert.Contains("into partition 7, and it has 2", error.Message, StringComparison.Ordinal);
        Assert.Empty(rig.AllFiles());
    }

    [Fact]
    public void WriteMapOutput_OtherAttempts_HaveOtherFiles()
    {
        using var rig = new ShuffleRig();

        rig.Write<int, int, int>(0, [(1, 1)], new HashPartitioner(1), null, rig.NewContext(attempt: 0));
        var first = rig.Outputs[0];
        rig.Write<int, int, int>(0, [(2, 2)], new HashPartitioner(1), null, rig.NewContext(attempt: 1));
        rig.Write<int, int, int>(0, [(3, 3)], new HashPartitioner(1), null, rig.NewContext(stageAttempt: 1));

        Assert.Equal(3, rig.AllFiles().Length);
        Assert.Equal([(3, 3)], rig.ReadBucket<int, int>(0));
        rig.Outputs[0] = first;
        Assert.Equal([(1, 1)], rig.ReadBucket<int, int>(0));
    }

    [Fact]
    public void WriteMapOutput_DirectoryUnusable_UsesTheOther()
    {
        using var rig = NewRig(64 << 10, ShuffleCompression.None);
        File.WriteAllText(Path.Combine(rig.Root, "one"), "a file where the directory should be");

        rig.Write(0, Enumerable.Range(0, 100_000).Select(i => ((long)i, 1L)), new HashPartitioner(2), Sum);
        rig.Write(1, Enumerable.Range(0, 100_000).Select(i => ((long)i, 1L)), new HashPartitioner(2), Sum);

        Assert.Equal(200_000, Enumerable.Range(0, 2).Sum(bucket => rig.ReadCombined<long, long>(bucket, (a, b) => a + b).Sum(pair => pair.Value)));
    }

    [Fact]
    public void ReadBucket_FileGone_IsFetchFailure()
    {
        using var rig = new ShuffleRig();
        rig.Write(0, [("a", 1)], bucketCount: 1);
        rig.Write(1, [("b", 1)], bucketCount: 1);
        File.Delete(rig.AllFiles().Single(file => Path.GetFileName(file).StartsWith("map-1.", StringComparison.Ordinal)));

        var error = Assert.Throws<FetchFailedException>(() => rig.ReadBucket<string, int>(0));

        Assert.Equal((rig.Shuffle, 1, ShuffleRig.Worker), (error.Shuffle, error.MapIndex, error.Worker));
    }

    [Fact]
    public void ReadCombined_AnyByteOfABucketDamaged_IsFetchFailure()
    {
        using var rig = new ShuffleRig();
        var output = rig.Write(5, [("a", 1L), ("b", 2L)], new HashPartitioner(1), Sum);
        var path = rig.AllFiles().Single();
        var bytes = File.ReadAllBytes(path);

        for (var i = 0; i < output.BucketBytes[0]; i++)
        {
            var damaged = bytes.ToArray();
            damaged[ShuffleFile.HeaderLength + i] ^= 0x20;
            File.WriteAllBytes(path, damaged);

            Assert.Equal(5, Assert.Throws<FetchFailedException>(() => rig.ReadCombined<string, long>(0, (a, b) => a + b)).MapIndex);
        }
    }

    [Fact]
    public void ReadBucket_FileCutShort_IsFetchFailure()
    {
        using var rig = new ShuffleRig();
        var output = rig.Write(5, [("a", 1L), ("b", 2L)], new HashPartitioner(1), Sum);
        var path = rig.AllFiles().Single();
        var bytes = File.ReadAllBytes(path);

        for (var length = 0; length < output.BucketBytes[0]; length++)
        {
            File.WriteAllBytes(path, bytes[..(ShuffleFile.HeaderLength + length)]);

            Assert.Throws<FetchFailedException>(() => rig.ReadBucket<string, long>(0));
        }
    }

    [Fact]
    public void ReadBucket_OutputOfAnUnknownAttempt_IsFetchFailure()
    {
        using var rig = new ShuffleRig();
        var output = rig.Write(0, [("a", 1)], bucketCount: 1);
        rig.Outputs[0] = new MapOutputLocation(output with { Attempt = 9 }, "");

        Assert.Throws<FetchFailedException>(() => rig.ReadBucket<string, int>(0));
    }

    [Fact]
    public void DeleteShuffle_OthersStay_AndLateWritesLeaveNothing()
    {
        using var rig = new ShuffleRig();
        rig.Write(0, [("a", 1)], bucketCount: 1);
        using var reading = rig.Store.ReadBucket<string, int>(rig.Shuffle, 0, rig.NewContext());
        Assert.Equal(1, reading.Next().Length);

        rig.Files.DeleteShuffle(rig.Shuffle);

        Assert.True(reading.Next().IsEmpty);
        Assert.Throws<IOException>(() => rig.Write(0, [("a", 1)], bucketCount: 1));
        Assert.Throws<FetchFailedException>(() => rig.ReadBucket<string, int>(0));
        Assert.Empty(rig.AllFiles());
    }

    [Fact]
    public void DeleteApplication_BlocksOfItStay_AndLateWritesLeaveNothing()
    {
        using var rig = new ShuffleRig();
        var blocks = new Storage.DiskBlockStore([Path.Combine(rig.Root, "one")]);
        blocks.Put(new Storage.BlockId(ShuffleRig.App, "result"), new byte[] { 1 });
        rig.Write(0, [("a", 1)], bucketCount: 1);

        rig.Files.DeleteApplication(ShuffleRig.App);

        Assert.Throws<IOException>(() => rig.Write(0, [("a", 1)], bucketCount: 1));
        Assert.Single(rig.AllFiles());
    }

    private static List<int> Append(List<int> list, int value)
    {
        list.Add(value);
        return list;
    }

    private static ShuffleRig NewRig(long limit, ShuffleCompression compression, Action<ShuffleOptions>? configure = null) => new(options =>
    {
        options.SpillThresholdBytes = limit;
        options.Compression = compression;
        options.FrameBytes = 4 << 10;
        configure?.Invoke(options);
    });

    private static void AssertInTheirBuckets<TKey>(IEnumerable<IEnumerable<TKey>> buckets)
    {
        var all = buckets.Select(bucket => bucket.ToArray()).ToArray();
        var partitioner = new HashPartitioner(all.Length);
        for (var bucket = 0; bucket < all.Length; bucket++)
        {
            var partitions = new int[all[bucket].Length];
            partitioner.PartitionsOf<TKey>(all[bucket], partitions);
            Assert.All(partitions, partition => Assert.Equal(bucket, partition));
        }
    }

    private sealed record Colliding(int Id) : IStableHashable
    {
        public ulong StableHashCode => (ulong)(Id % 3) << 40;
    }

    private sealed class WrongPartitioner : Partitioner
    {
        public override int PartitionCount => 2;

        public override void PartitionsOf<TKey>(ReadOnlySpan<TKey> keys, Span<int> partitions) => partitions.Fill(7);

        public override bool Equals(Partitioner? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => 0;
    }

    // Three maps have each key once.
    private static Dictionary<TKey, long> SumOverMaps<TKey>(TKey[] keys, long limit, ShuffleCompression compression)
        where TKey : struct, System.Numerics.IBinaryInteger<TKey>
    {
        using var rig = NewRig(limit, compression);
        for (var map = 0; map < 3; map++)
        {
            rig.Write(map, keys.Select(key => (key, long.CreateTruncating(key) & 0xFF)), new HashPartitioner(2), Sum);
        }

        var buckets = Enumerable.Range(0, 2).Select(bucket => rig.ReadCombined<TKey, long>(bucket, (a, b) => a + b)).ToArray();
        AssertInTheirBuckets(buckets.Select(bucket => bucket.Select(pair => pair.Key)));
        return buckets.SelectMany(bucket => bucket).ToDictionary();
    }
}
