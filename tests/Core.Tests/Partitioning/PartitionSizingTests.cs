using Dpark.Configuration;

namespace Dpark.Partitioning;

public sealed class PartitionSizingTests
{
    private const long MiB = 1 << 20;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(MiB, 1)]
    [InlineData(MiB + 1, 2)]
    [InlineData(5 * MiB, 5)]
    [InlineData(100 * MiB, 8)]
    [InlineData(8 * 64 * MiB, 8)]
    [InlineData((8 * 64 * MiB) + 1, 16)]
    [InlineData(1000 * 64 * MiB, 1000)]
    [InlineData(1001 * 64 * MiB, 1008)]
    [InlineData(long.MaxValue, 100_000)]
    public void CountFor_EightSlots_IsEnoughAndAMultiple(long bytes, int expected) =>
        Assert.Equal(expected, PartitionSizing.CountFor(bytes, slotCount: 8, new PartitioningOptions()));

    [Fact]
    public void Ranges_EqualBuckets_AreCutEvenly()
    {
        Assert.Equal([0, 3, 6, 9], PartitionSizing.Ranges([.. Enumerable.Repeat(7L, 12)], 4));
        Assert.Equal([0], PartitionSizing.Ranges([5, 5], 1));
        Assert.Equal([0], PartitionSizing.Ranges([0, 0, 0], 2));
    }

    [Fact]
    public void Ranges_OneLargeBucket_IsAlone() => Assert.Equal([0, 2, 3], PartitionSizing.Ranges([1, 1, 1000, 1, 1], 3));

    [Fact]
    public void Ranges_RandomBuckets_HaveAtMostAShareAndABucket()
    {
        var random = new Random(1);
        for (var round = 0; round < 2_000; round++)
        {
            long[] bytes = [.. Enumerable.Range(0, random.Next(1, 60)).Select(_ => random.Next(4) == 0 ? random.NextInt64(1L << 40) : random.Next(1000))];
            var count = random.Next(1, bytes.Length + 1);

            var starts = PartitionSizing.Ranges(bytes, count);

            Assert.InRange(starts.Length, 1, count);
            Assert.Equal(0, starts[0]);
            Assert.Equal(starts.Distinct().Order(), starts);
            var share = (bytes.Sum() / count) + 1;
            for (var i = 0; i < starts.Length; i++)
            {
                var range = bytes[starts[i]..(i + 1 < starts.Length ? starts[i + 1] : bytes.Length)];
                Assert.InRange(range.Sum(), 0, share + range.Max());
            }
        }
    }

    [Fact]
    public void Validate_WrongOptions_NamesAll()
    {
        var result = new PartitioningOptionsValidator().Validate(null, new PartitioningOptions { PartitionBytes = 1000, MinPartitionBytes = 0, SkewFactor = 0.5, SkewBytes = 10 });

        Assert.Equal(
            [
                "Dpark:Partitioning:PartitionBytes is 1000. Set from 1024 to 1099511627776: each partition is a task, and its data has to fit on a worker.",
                "Dpark:Partitioning:MinPartitionBytes is 0. Set from 1 to 1099511627776: it is a number of bytes.",
                "Dpark:Partitioning:SkewFactor is 0.5. Set from 1 to 1000: a partition that is no larger than half of them is not too large.",
                "Dpark:Partitioning:SkewBytes is 10. Set from 1024 to 1099511627776: each part of a partition is a task.",
            ],
            result.Failures);
    }

    [Fact]
    public void Defaults_ArePinned()
    {
        var options = new PartitioningOptions();

        Assert.Equal((true, 64 * MiB, MiB, true), (options.BySize, options.PartitionBytes, options.MinPartitionBytes, options.Coalesce));
        Assert.True(new PartitioningOptionsValidator().Validate(null, options).Succeeded);
    }
}
