using Dpark.Storage;

namespace Dpark.Shuffle;

/// <summary>What a task spills bit by bit is in one file without a name, and in another one when a disk is full.</summary>
public sealed class GrowingSpillTests
{
    private const int Shape = 7;
    private const int FrameBytes = 1000;

    [Fact]
    public void Append_ManyTimes_IsOneFileWithoutAName()
    {
        using var rig = new ShuffleRig();
        using var spill = rig.Files.BeginSpill(ShuffleRig.App, bucketCount: 3, Shape);
        for (byte i = 0; i < 20; i++)
        {
            Append(spill, i);
        }

        Assert.Empty(rig.AllFiles());
        using var file = Assert.Single(spill.Complete());
        Assert.Equal(20 * FrameBytes, file.BytesOf(0));
        Assert.Equal(0, file.BytesOf(1));
        Assert.Equal(20 * FrameBytes, file.BytesOf(2));
        AssertBytes([file], bucket: 0, Enumerable.Range(0, 20));
        AssertBytes([file], bucket: 2, Enumerable.Range(0, 20).Select(i => i + 100));
    }

    [Fact]
    public void Complete_NothingWasAppended_HasNoFile()
    {
        using var rig = new ShuffleRig();
        using var spill = rig.Files.BeginSpill(ShuffleRig.App, bucketCount: 3, Shape);

        Assert.Empty(spill.Complete());
    }

    [Fact]
    public void Append_DiskGetsFullInTheMiddle_GoesOnOnTheNextAndGivesBackWhatItCountsFor()
    {
        const long RootBytes = 100 << 10;
        var quota = new DiskQuota(RootBytes);
        using var rig = new ShuffleRig(quota: quota);
        string[] roots = [rig.FirstDirectory, Path.Combine(rig.Root, "two")];
        using (var spill = rig.Files.BeginSpill(ShuffleRig.App, bucketCount: 3, Shape))
        {
            for (byte i = 0; i < 80; i++)
            {
                Append(spill, i);
            }

            var files = spill.Complete();
            Assert.Equal(2, files.Length);
            AssertBytes(files, bucket: 0, Enumerable.Range(0, 80));
            AssertBytes(files, bucket: 2, Enumerable.Range(0, 80).Select(i => i + 100));
            Assert.All(roots, root => Assert.InRange(quota.UsedBytes(root), 2 * FrameBytes, RootBytes));
            Assert.Equal((80 * 2 * FrameBytes) + (2 * ShuffleFile.HeaderLength), roots.Sum(quota.UsedBytes));
            Array.ForEach(files, file => file.Dispose());
        }

        Assert.All(roots, root => Assert.Equal(0, quota.UsedBytes(root)));
    }

    [Fact]
    public void Append_EveryDiskIsFull_NamesThemAndGivesBackWhatItCountsFor()
    {
        var quota = new DiskQuota(10 * FrameBytes);
        using var rig = new ShuffleRig(quota: quota);
        string[] roots = [rig.FirstDirectory, Path.Combine(rig.Root, "two")];
        using (var spill = rig.Files.BeginSpill(ShuffleRig.App, bucketCount: 3, Shape))
        {
            var failure = Assert.Throws<IOException>(() =>
            {
                for (byte i = 0; i < 80; i++)
                {
                    Append(spill, i);
                }
            });

            Assert.All(roots, root => Assert.Contains(root, failure.Message, StringComparison.Ordinal));
        }

        Assert.Empty(rig.AllFiles());
        Assert.All(roots, root => Assert.Equal(0, quota.UsedBytes(root)));
    }

    [Fact]
    public void BeginSpill_ApplicationHasEnded_SaysSo()
    {
        using var rig = new ShuffleRig();
        rig.Files.DeleteApplication(ShuffleRig.App);

        var failure = Assert.Throws<IOException>(() => rig.Files.BeginSpill(ShuffleRig.App, bucketCount: 3, Shape));

        Assert.Contains("app-1 does not spill, because the application has ended", failure.Message, StringComparison.Ordinal);
    }

    // Nothing for the bucket in the middle.
    private static void Append(GrowingSpill spill, byte number) => spill.Append(writer =>
    {
        writer.Append(0, Frame(number));
        writer.AppendLater(2, Frame(number + 100));
    });

    private static byte[] Frame(int number)
    {
        var frame = new byte[FrameBytes];
        Array.Fill(frame, (byte)number);
        return frame;
    }

    private static void AssertBytes(SpillFile[] files, int bucket, IEnumerable<int> numbers)
    {
        using var source = new SpilledBucketSource(files, bucket);
        var bytes = new byte[source.Length];
        var position = 0;
        for (var read = -1; read != 0 && position < bytes.Length; position += read)
        {
            read = source.Read(bytes.AsMemory(position));
        }

        Assert.Equal(numbers.SelectMany(Frame), bytes);
        Assert.Equal(0, source.Read(new byte[1]));
    }
}
