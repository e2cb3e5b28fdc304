using Dpark.Configuration;

namespace Dpark.Partitioning;

/// <summary>How many partitions data of a size should have, and which neighbours become one. Pure.</summary>
internal static class PartitionSizing
{
    // More are more work for the driver and the map tasks than they can bring.
    private const int MostPartitions = 100_000;

    /// <summary>
    /// So many that each has about <see cref="PartitioningOptions.PartitionBytes"/>; but one per slot as long as each has <see cref="PartitioningOptions.MinPartitionBytes"/>; and
    /// beyond that a multiple of the slots, so that none is idle while the last ones are computed.
    /// </summary>
    /// <param name="bytes">At least 0.</param>
    /// <param name="slotCount">Tasks that run at once; at least 1.</param>
    /// <returns>At least 1.</returns>
    public static int CountFor(long bytes, int slotCount, PartitioningOptions options)
    {
        var worth = Math.Min(slotCount, CeilingOf(bytes, options.LeastBytes));
        var count = Math.Max(worth, CeilingOf(bytes, options.PartitionBytes));
        if (count > slotCount)
        {
            count = slotCount * CeilingOf(count, slotCount);
        }

        return (int)Math.Clamp(count, 1, Math.Max(MostPartitions, slotCount));
    }

    /// <summary>Cuts buckets into ranges of neighbours with about the same number of bytes.</summary>
    /// <param name="bucketBytes">Bytes of each bucket; at least one bucket.</param>
    /// <param name="rangeCount">Most ranges; at least 1.</param>
    /// <returns>The first bucket of each range, ascending from 0. Every range has a bucket. A bucket is never cut, so one that is larger than the others can be a range of its own.</returns>
    public static int[] Ranges(ReadOnlySpan<long> bucketBytes, int rangeCount)
    {
        var total = (Int128)0;
        foreach (var bytes in bucketBytes)
        {
            total += bytes;
        }

        var starts = new List<int> { 0 };
        var before = (Int128)0;
        var current = 0;
        for (var bucket = 0; bucket < bucketBytes.Length; bucket++)
        {
            // A bucket belongs to the range in which its middle lies.
            var middle = (2 * before) + bucketBytes[bucket];
            var range = total == 0 ? 0 : (int)Int128.Min(rangeCount - 1, middle * rangeCount / (2 * total));
            if (bucket > 0 && range > current)
            {
                starts.Add(bucket);
            }

            current = range;
            before += bucketBytes[bucket];
        }

        return [.. starts];
    }

    private static long CeilingOf(long total, long part) => total == 0 ? 0 : 1 + ((total - 1) / part);
}
