using Dpark.Configuration;
using Dpark.Memory;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Storage;

namespace Dpark.Shuffle;

/// <summary>Map outputs that are longer than what a task keeps of them: files that grow while their tasks run.</summary>
public sealed class MapOutputSegmentTests
{
    private const int PairBytes = 1000;
    private const int PairCount = 30_000;
    private const long RootBytes = 64 << 20;

    [Fact]
    public void WriteMapOutput_LongerThanASegment_IsOneFileOfSeveral()
    {
        using var rig = new ShuffleRig();
        var context = rig.NewContext();

        var output = rig.Write<int, byte[], byte[]>(0, Pairs(PairCount), new HashPartitioner(2), aggregator: null, context);

        using var slice = rig.Files.TryOpen(rig.Shuffle, 0, output.Attempt, 1, 1)!;
        Assert.InRange(slice.Parts.Length, 3, 5);
        Assert.Equal(output.BucketBytes[1], slice.Length);
        Assert.Equal(slice.Length, slice.Parts.ToArray().Sum(part => part.Length));
        Assert.Single(rig.AllFiles());
        Assert.Equal(0, context.Metrics.SpilledBytes);
        AssertAll(rig, PairCount);
    }

    [Fact]
    public void WriteMapOutput_LongerThanASegment_KeepsNoMoreThanOneAndWhatWaits()
    {
        var memory = new WorkerMemory(new MemoryOptions { BudgetBytes = 4 * RootBytes });
        using var task = memory.Open(default);
        using var rig = new ShuffleRig();
        var context = rig.NewContext(memory: task);

        rig.Write<int, byte[], byte[]>(0, Pairs(PairCount), new HashPartitioner(2), aggregator: null, context);

        Assert.InRange(memory.PeakBytes, 8 << 20, 20 << 20);
    }

    [Fact]
    public void WriteMapOutput_LargeRecords_AreInFramesOfTheirLength()
    {
        using var rig = new ShuffleRig();
        rig.Write(0, Pairs(10_000), bucketCount: 1);

        using var reader = rig.Store.ReadBucket<int, byte[]>(rig.Shuffle, 0, rig.NewContext());
        var lengths = new List<int>();
        for (var batch = reader.Next(); !batch.IsEmpty; batch = reader.Next())
        {
            lengths.Add(batch.Length);
        }

        // Nothing is known of the first ones.
        Assert.Equal(10_000, lengths.Sum());
        Assert.All(lengths[1..^1], length => Assert.InRange(length * PairBytes, rig.Options.FrameBytes * 9 / 10, rig.Options.FrameBytes * 11 / 10));
    }

    [Fact]
    public void WriteMapOutput_DiskGetsFullInTheMiddle_GoesOnOnTheNext()
    {
        var quota = new DiskQuota(RootBytes);
        using var rig = new ShuffleRig(quota: quota);
        var almostFull = RootBytes - (12 << 20);
        quota.Charge(rig.FirstDirectory, almostFull);

        // Each directory is the first one in turn once.
        var outputs = new[] { rig.Write(0, Pairs(PairCount), bucketCount: 2), rig.Write(1, Pairs(PairCount), bucketCount: 2) };

        Assert.All(rig.AllFiles(), path => Assert.DoesNotContain(rig.FirstDirectory, path, StringComparison.Ordinal));
        Assert.Equal(2, rig.AllFiles().Length);
        Assert.Equal(almostFull, quota.UsedBytes(rig.FirstDirectory));
        Assert.Equal(outputs.Sum(output => output.BucketBytes.Sum() + ShuffleFile.HeaderLength), quota.UsedBytes(Path.Combine(rig.Root, "two")));
        AssertAll(rig, PairCount, PairCount);
    }

    [Fact]
    public void WriteMapOutput_DiskIsFullAndWhatItHasIsGone_FailsAndLeavesNothing()
    {
        var quota = new DiskQuota(RootBytes);
        using var rig = new ShuffleRig(quota: quota);

        var failure = Assert.Throws<IOException>(() => Write(rig, () =>
        {
            var path = Assert.Single(rig.AllFiles());
            File.Delete(path);
            var root = path.StartsWith(rig.FirstDirectory, StringComparison.Ordinal) ? rig.FirstDirectory : Path.Combine(rig.Root, "two");
            quota.Charge(root, RootBytes - quota.UsedBytes(root));
        }));

        Assert.Contains("Map output 0 of shuffle-3 could not be written to any work directory", failure.Message, StringComparison.Ordinal);
        Assert.Empty(rig.AllFiles());
    }

    [Fact]
    public void WriteMapOutput_UserCodeThrowsBehindASegment_LeavesNothing()
    {
        var quota = new DiskQuota(RootBytes);
        using var rig = new ShuffleRig(quota: quota);
        var seen = 0;

        Assert.Throws<FormatException>(() => Write(rig, () =>
        {
            seen = rig.AllFiles().Length;
            throw new FormatException();
        }));

        Assert.Equal(1, seen);
        Assert.Empty(rig.AllFiles());
        Assert.Equal(0, quota.UsedBytes(rig.FirstDirectory) + quota.UsedBytes(Path.Combine(rig.Root, "two")));
    }

    // Calls what a test does behind two thirds of the pairs, when some are written.
    private static void Write(ShuffleRig rig, Action onTwoThirds)
    {
        using var input = new LazyReader(Pairs(PairCount).Select((pair, index) =>
        {
            if (index == PairCount * 2 / 3)
            {
                onTwoThirds();
            }

            return pair;
        }));
        rig.Store.WriteMapOutput<int, byte[], byte[]>(rig.Shuffle, 0, input, new HashPartitioner(2), aggregator: null, rig.NewContext());
    }

    private static IEnumerable<(int Key, byte[] Value)> Pairs(int count)
    {
        for (var i = 0; i < count; i++)
        {
            var value = new byte[PairBytes];
            Array.Fill(value, (byte)(i % 251));
            yield return (i, value);
        }
    }

    // Each key comes once for each map, in the order in which it wrote them, with its value.
    private static void AssertAll(ShuffleRig rig, params int[] counts)
    {
        var seen = 0;
        for (var bucket = 0; bucket < 2; bucket++)
        {
            var before = -1;
            var falls = 0;
            foreach (var (key, value) in rig.ReadBucket<int, byte[]>(bucket))
            {
                falls += key <= before ? 1 : 0;
                before = key;
                Assert.Equal(PairBytes, value.Length);
                Assert.True(value.AsSpan().IndexOfAnyExcept((byte)(key % 251)) < 0);
                seen++;
            }

            Assert.Equal(counts.Length - 1, falls);
        }

        Assert.Equal(counts.Sum(), seen);
    }

    /// <summary>Makes pairs when they are read.</summary>
    private sealed class LazyReader(IEnumerable<(int Key, byte[] Value)> pairs) : BatchReader<(int Key, byte[] Value)>
    {
        private readonly IEnumerator<(int Key, byte[] Value)[]> _batches = pairs.Chunk(500).GetEnumerator();

        public override ReadOnlySpan<(int Key, byte[] Value)> Next() => _batches.MoveNext() ? _batches.Current : default;

        protected override void Dispose(bool disposing)
        {
            _batches.Dispose();
            base.Dispose(disposing);
        }
    }
}
