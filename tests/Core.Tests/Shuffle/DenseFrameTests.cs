using Dpark.Codecs;
using Dpark.Configuration;
using Dpark.Partitioning;

namespace Dpark.Shuffle;

/// <summary>Map outputs of keys that lie close together, which are written as bits and values: whoever reads them finds the pairs of a dictionary.</summary>
public sealed class DenseFrameTests
{
    private const int BucketCount = 3;

    private static readonly Aggregator<long, long> Sum = new((value) => value, (sum, value) => sum + value, (left, right) => left + right);

    // Not an addition, so the function is called.
    private static readonly Aggregator<long, long> Most = new((value) => value, Math.Max, Math.Max);

    public static TheoryData<ShuffleCompression, int> Forms => new()
    {
        { ShuffleCompression.None, 128 << 10 },
        { ShuffleCompression.Lz4, 128 << 10 },
        { ShuffleCompression.None, 4 << 10 },
    };

    public static TheoryData<string, long, int> Ranges => new()
    {
        { "from 0", 0, 20_000 },
        { "around 0", -9_999, 20_000 },
        { "at the lower end", long.MinValue, 7_001 },
        { "at the upper end", long.MaxValue - 7_000, 7_001 },
        { "one word", 5_000_000_000, 64 },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void ReadCombined_KeysCloseTogether_SumsEachKeyOnce(ShuffleCompression compression, int frameBytes)
    {
        using var rig = NewRig(compression, frameBytes);
        var expected = WriteMaps(rig, 4, map => Keys(map, -500, 15_000), Sum, (a, b) => a + b);

        Assert.Equal(expected, ReadAll(rig, bucket => rig.ReadCombined<long, long>(bucket, (a, b) => a + b)));
    }

    [Theory]
    [MemberData(nameof(Ranges))]
    public void ReadCombined_AnyRange_SumsEachKeyOnce(string range, long first, int count)
    {
        Assert.NotEmpty(range);
        using var rig = NewRig();
        var expected = WriteMaps(rig, 3, _ => [.. Enumerable.Range(0, count).SelectMany(i => new[] { first + i, first + i })], Sum, (a, b) => a + b);

        Assert.Equal(expected, ReadAll(rig, bucket => rig.ReadCombined<long, long>(bucket, (a, b) => a + b)));
    }

    [Fact]
    public void ReadCombined_FunctionIsNoAddition_CallsIt()
    {
        using var rig = NewRig();
        var expected = WriteMaps(rig, 3, map => Keys(map, 0, 12_000), Most, Math.Max);

        Assert.Equal(expected, ReadAll(rig, bucket => rig.ReadCombined<long, long>(bucket, Math.Max)));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void ReadBucket_KeysCloseTogether_GivesThePairs(ShuffleCompression compression, int frameBytes)
    {
        using var rig = NewRig(compression, frameBytes);
        var expected = WriteMaps(rig, 1, map => Keys(map, 1, 15_000), Sum, (a, b) => a + b);

        Assert.Equal(expected, ReadAll(rig, bucket => rig.ReadBucket<long, long>(bucket)));
    }

    /// <summary>Frames of two words each, the last of which has one word or two; as many keys as it takes for a table to become dense.</summary>
    [Theory]
    [InlineData(12_800)]
    [InlineData(12_801)]
    [InlineData(12_864)]
    [InlineData(12_865)]
    public void ReadBucket_LastFrameHasAnyLength_GivesThePairs(int keyCount)
    {
        using var rig = NewRig(frameBytes: 1_100);
        var expected = WriteMaps(rig, 1, _ => [.. Enumerable.Range(0, keyCount).Select(i => (long)i)], Sum, (a, b) => a + b);

        Assert.Equal(expected, ReadAll(rig, bucket => rig.ReadBucket<long, long>(bucket)));
    }

    [Fact]
    public void ReadCombined_OtherOutputsAreScattered_SumsEachKeyOnce()
    {
        using var rig = NewRig();
        var random = new Random(3);
        var expected = WriteMaps(
            rig,
            4,
            map => map % 2 == 0 ? Keys(map, 0, 10_000) : [.. Enumerable.Range(0, 5_000).Select(i => i % 3 == 0 ? i : random.NextInt64(long.MinValue, long.MaxValue))],
            Sum,
            (a, b) => a + b);

        Assert.Equal(expected, ReadAll(rig, bucket => rig.ReadCombined<long, long>(bucket, (a, b) => a + b)));
    }

    [Fact]
    public void ReadCombined_LittleMemory_SpillsAndSumsEachKeyOnce()
    {
        using var rig = NewRig();
        var expected = WriteMaps(rig, 3, map => Keys(map, 0, 60_000), Sum, (a, b) => a + b);
        rig.Options.SpillThresholdBytes = 64 << 10;
        var context = rig.NewContext();

        Assert.Equal(expected, ReadAll(rig, bucket => rig.ReadCombined<long, long>(bucket, (a, b) => a + b, context)));
        Assert.True(context.Metrics.SpilledBytes > 0);
    }

    [Theory]
    [InlineData(256 << 20, true)]
    [InlineData(64 << 10, false)]
    public void TryTakeTable_SumsInMemoryOrSpilled_GivesTheTableOrThePairs(int spillBytes, bool isTable)
    {
        using var rig = NewRig();
        var expected = WriteMaps(rig, 3, map => Keys(map, 0, 60_000), Sum, (a, b) => a + b);
        rig.Options.SpillThresholdBytes = spillBytes;

        var read = new SortedDictionary<long, long>();
        for (var bucket = 0; bucket < BucketCount; bucket++)
        {
            using var reader = rig.Store.ReadCombined<long, long>(rig.Shuffle, bucket, (a, b) => a + b, rig.NewContext());
            var table = ((ITableSource<long, long>)reader).TryTakeTable();
            Assert.Equal(isTable, table is not null);
            foreach (var (key, value) in table is null ? ShuffleRig.ReadAll(reader) : PairsOf(table))
            {
                read.Add(key, value);
            }
        }

        Assert.Equal(expected, read);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(32, 8)]
    public void WriteMapOutput_KeysCloseTogether_TakesAsManyBytesAsTheValuesNeed(int shift, int valueBytes)
    {
        using var rig = NewRig();

        var output = rig.Write(0, Enumerable.Range(0, 30_000).Select(i => ((long)i, ((long)i << shift) & ((2L << (8 * valueBytes - 2)) - 1))), new HashPartitioner(2), Sum);

        Assert.Equal(30_000, output.RecordCount);
        Assert.InRange(output.BucketBytes.Sum(), 30_000 * valueBytes, 30_000 * (valueBytes + 1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(20)]
    public void WriteMapOutput_AnyNumberOfBuckets_PutsEachKeyIntoItsOwn(int bucketCount)
    {
        using var rig = NewRig();
        var partitioner = new HashPartitioner(bucketCount);
        long[] keys = [.. Enumerable.Range(0, 20_000).Where(i => i is < 5_000 or > 6_000 && i % 7 != 3).Select(i => (long)i - 100)];

        rig.Write(0, keys.Select(key => (key, 2 * key)), partitioner, Sum);

        var partitions = new int[keys.Length];
        partitioner.PartitionsOf<long>(keys, partitions);
        for (var bucket = 0; bucket < bucketCount; bucket++)
        {
            Assert.Equal(keys.Where((_, i) => partitions[i] == bucket).Select(key => (key, 2 * key)), rig.ReadBucket<long, long>(bucket));
        }
    }

    [Fact]
    public void WriteMapOutput_BucketsAreMany_IsAsLongAsThePairs()
    {
        using var rig = NewRig();

        var output = rig.Write(0, Enumerable.Range(0, 30_000).Select(i => ((long)i, 1L)), new HashPartitioner(500), Sum);

        // Bits alone would take 500 buckets of 30,000.
        Assert.InRange(output.BucketBytes.Sum(), 30_000, 30_000 * 3 * sizeof(long));
    }

    [Fact]
    public void ReadCombined_AnyByteOfAFrameDamaged_IsFetchFailure()
    {
        using var rig = NewRig();
        var output = rig.Write(5, Enumerable.Range(0, 2_000).Select(i => ((long)i, 1L + i)), new HashPartitioner(1), Sum);
        var path = rig.AllFiles().Single();
        var bytes = File.ReadAllBytes(path);

        for (var i = 0; i < output.BucketBytes[0]; i += i < 64 ? 1 : 97)
        {
            var damaged = bytes.ToArray();
            damaged[ShuffleFile.HeaderLength + i] ^= 0x20;
            File.WriteAllBytes(path, damaged);

            Assert.Equal(5, Assert.Throws<FetchFailedException>(() => rig.ReadCombined<long, long>(0, (a, b) => a + b)).MapIndex);
        }
    }

    [Theory]
    [InlineData("02000000 08000000 0500000000000000 0500000000000000 08 0100000000000000 0200000000000000", null)]
    [InlineData("02000000 08000000 0500000000000000 0500000000000000 01 0100000000000000 00 01", null)]
    [InlineData("02000000 08000000 0500000000000000 0500000000000000 04 0000000000000000 01000000 02000000", null)]
    [InlineData("02000000 08000000 0500000000000000 0500000000000000 08 0100000000000000", "values")]
    [InlineData("02000000 08000000 0500000000000000 0500000000000000 01 0100000000000000 00", "too early")]
    [InlineData("02000000 08000000 0500000000000000 0500000000000000 01 0100000000000000 00 01 02", "behind the values")]
    [InlineData("02000000 08000000 0500000000000000 0500000000000000 03 0100000000000000 000000 010000", "3 bytes")]
    [InlineData("02000000 08000000 0500000000000000 0500000000000000", "24 bytes")]
    [InlineData("40000000 08000000 0500000000000000 0500000000000000 01 0100000000000000 00 01", "too early")]
    [InlineData("FFFFFF7F 08000000 0500000000000000 0500000000000000 01 0100000000000000 00 01", "bits")]
    [InlineData("02000000 08000000 0500000000000000 0400000000000000 08 0100000000000000 0200000000000000", "keys")]
    [InlineData("02000000 08000000 0500000000000000 0400000000000000 01 0100000000000000 00 01", "keys")]
    [InlineData("03000000 08000000 0500000000000000 0500000000000000 08 0100000000000000 0200000000000000", "keys")]
    [InlineData("02000000 0C000000 0500000000000000 0500000000000000 08 0100000000000000 0200000000000000", "bits")]
    [InlineData("02000000 F8FFFFFF 0500000000000000 0500000000000000 08 0100000000000000 0200000000000000", "bits")]
    [InlineData("02000000 08000000 FEFFFFFFFFFFFF7F 0500000000000000 08 0100000000000000 0200000000000000", "keys")]
    [InlineData("02000000 10000000 0500000000000000 0500000000000000 0000000000000000 08 0100000000000000 0200000000000000", "keys")]
    [InlineData("00000000 00000000 0500000000000000", "dense frame")]
    public void Check_Payload_IsRefusedIfDamaged(string hex, string? reason)
    {
        var payload = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        using var reader = DenseFrameReader<(long Key, long Value)>.Create();

        if (reason is not null)
        {
            Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => reader.Open(payload)).Message, StringComparison.Ordinal);
            return;
        }

        reader.Open(payload);
        Assert.Equal([(5L, 1L), (7L, 2L)], reader.Next().ToArray());
        Assert.True(reader.Next().IsEmpty);
    }

    [Fact]
    public void Check_KeyBeyondItsType_IsRefused()
    {
        var payload = Convert.FromHexString("0100000008000000000000800000000001000000000000000401000000");
        using var reader = DenseFrameReader<(int Key, int Value)>.Create();

        Assert.Throws<InvalidDataException>(() => reader.Open(payload));
    }

    [Fact]
    public void Create_RecordsAreNoPairs_IsRefused() => Assert.Throws<InvalidDataException>(DenseFrameReader<string>.Create);

    [Fact]
    public void Append_TwoPairs_HasTheseBytes()
    {
        using var dense = DenseTable<long, long>.TryCreate(5, 70, maxBytes: 1 << 20, cheapBytes: 0)!;
        dense.GetOrAdd((int)dense.OffsetOf(5), out _) = 1;
        dense.GetOrAdd((int)dense.OffsetOf(70), out _) = 2;
        using var values = new RecordBuffer();
        using var output = new RecordBuffer();

        var first = dense.Used.IndexOfAnyExcept(0UL);
        var count = DenseFrame<long, long>.Append(dense, dense.Used[first..(dense.Used.LastIndexOfAnyExcept(0UL) + 1)], first, values, output);

        Assert.Equal(2, count);
        Assert.Equal(
            "02000000" + "10000000" + "0000000000000000" + "2000000000000000" + "4000000000000000" + "01" + "0100000000000000" + "0001",
            Convert.ToHexString(output.WrittenSpan));
        byte[] wide = [];
        var frame = DenseFrame<long, long>.Check(DenseFrame<long, long>.Widen(output.WrittenMemory, ref wide).Span);
        Assert.Equal((5L, 70L), (frame.Least, frame.Greatest));
        Assert.Equal((1L, 2L), (frame.ValueAt(0), frame.ValueAt(1)));
    }

    private static ShuffleRig NewRig(ShuffleCompression compression = ShuffleCompression.None, int frameBytes = 128 << 10) => new(options =>
    {
        options.Compression = compression;
        options.FrameBytes = frameBytes;
    });

    private static List<(long Key, long Value)> PairsOf(NumberTable<long, long> table)
    {
        var places = new int[table.Count];
        table.ListPlaces(places);
        var pairs = new (long Key, long Value)[places.Length];
        table.Read(places, pairs);
        return [.. pairs];
    }

    private static long[] Keys(int seed, long first, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 2 * count).Select(_ => first + random.NextInt64(0, count))];
    }

    private static SortedDictionary<long, long> WriteMaps(ShuffleRig rig, int mapCount, Func<int, long[]> keysOf, Aggregator<long, long> aggregator, Func<long, long, long> merge)
    {
        var expected = new SortedDictionary<long, long>();
        for (var map = 0; map < mapCount; map++)
        {
            (long Key, long Value)[] pairs = [.. keysOf(map).Select((key, i) => (key, (long)i))];
            foreach (var (key, value) in pairs)
            {
                expected[key] = expected.TryGetValue(key, out var known) ? merge(known, value) : value;
            }

            rig.Write(map, pairs, new HashPartitioner(BucketCount), aggregator);
        }

        return expected;
    }

    private static SortedDictionary<long, long> ReadAll(ShuffleRig rig, Func<int, List<(long Key, long Value)>> read)
    {
        var result = new SortedDictionary<long, long>();
        var partitioner = new HashPartitioner(BucketCount);
        for (var bucket = 0; bucket < BucketCount; bucket++)
        {
            foreach (var (key, value) in read(bucket))
            {
                var partition = new int[1];
                partitioner.PartitionsOf([key], partition);
                Assert.Equal(bucket, partition[0]);
                result.Add(key, value);
            }
        }

        Assert.Equal(rig.Outputs.Values.Sum(output => output.Output.RecordCount) > 0, result.Count > 0);
        return result;
    }
}
