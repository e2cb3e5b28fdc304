using Dpark.Rdds;
using Dpark.Rdds.Sources;
using Dpark.TestKit.Rdds;

namespace Dpark.Tests.Rdds;

public sealed class RangeRddTests
{
    [Theory]
    [InlineData(0, 0, 3, 1)]
    [InlineData(-5, 23, 4, 4)]
    [InlineData(7, 3, 10, 3)]
    [InlineData(0, long.MaxValue, 7, 7)]
    [InlineData(long.MinValue, long.MaxValue, 1_000, 1_000)]
    [InlineData(long.MaxValue - 10, 10, 3, 3)]
    public void Partitions_AnyRange_AreConsecutiveAndOfOneLength(long start, long count, int sliceCount, int partitionCount)
    {
        var partitions = new InlineRddContext().Range(start, count, sliceCount).Partitions.Cast<RangePartition>().ToArray();

        Assert.Equal(partitionCount, partitions.Length);
        var next = start;
        foreach (var partition in partitions)
        {
            Assert.Equal(next, partition.Begin);
            Assert.InRange(partition.End - partition.Begin, count / partitionCount, (count / partitionCount) + 1);
            next = partition.End;
        }

        Assert.Equal(start + count, next);
    }
}
