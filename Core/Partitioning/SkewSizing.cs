using Dpark.Configuration;

namespace Dpark.Partitioning;

/// <summary>Sides of a join.</summary>
[Flags]
internal enum JoinSides
{
    None = 0,
    Left = 1,
    Right = 2,
    Both = Left | Right,
}

/// <summary>When a partition of a join is too large, and how small its parts should be.</summary>
/// <param name="Sides">The sides that may be cut.</param>
/// <param name="Factor">A side of a partition that is more than this many times the median of that side is skewed.</param>
/// <param name="LeastBytes">And more than this.</param>
/// <param name="PartBytes">What a part should have.</param>
/// <param name="MostParts">Most parts of one partition: as many as can be computed at once.</param>
internal readonly record struct SkewLimits(JoinSides Sides, double Factor, long LeastBytes, long PartBytes, int MostParts)
{
    public static SkewLimits Of(PartitioningOptions options, JoinSides sides, int slotCount) =>
        new(sides, options.SkewFactor, options.SkewBytes, options.PartitionBytes, slotCount);
}

/// <summary>A partition of a join that is to be cut.</summary>
/// <param name="Bytes">Of its larger side.</param>
/// <param name="MedianBytes">Of that side of all partitions.</param>
internal readonly record struct SkewedPartition(int Partition, int LeftParts, int RightParts, long Bytes, long MedianBytes);

/// <summary>Which partitions of a join are cut, and into how many parts. Pure.</summary>
internal static class SkewSizing
{
    /// <summary>
    /// A part reads some map outputs of the side that is cut, and the other side whole. So a side is cut only where it is the larger one: what reading the other one several times
    /// costs is less than what is shared then. Where both are skewed and may be cut, and there are slots enough, each part of one meets each part of the other.
    /// </summary>
    /// <param name="left">Bytes of the left side of each partition.</param>
    /// <param name="right">As many, of the right side.</param>
    /// <returns>Ascending; each with at least two parts and at most <see cref="SkewLimits.MostParts"/>.</returns>
    public static List<SkewedPartition> Find(ReadOnlySpan<long> left, ReadOnlySpan<long> right, SkewLimits limits)
    {
        var found = new List<SkewedPartition>();
        var (leftMedian, rightMedian) = (MedianOf(left), MedianOf(right));
        for (var partition = 0; partition < left.Length; partition++)
        {
            var leftParts = (limits.Sides & JoinSides.Left) != 0 ? PartsOf(left[partition], leftMedian, limits) : 1;
            var rightParts = (limits.Sides & JoinSides.Right) != 0 ? PartsOf(right[partition], rightMedian, limits) : 1;
            var isLeftLarger = left[partition] >= right[partition];
            if (isLeftLarger)
            {
                rightParts = Math.Min(rightParts, limits.MostParts / leftParts);
                rightParts = leftParts == 1 ? 1 : Math.Max(rightParts, 1);
            }
            else
            {
                leftParts = Math.Min(leftParts, limits.MostParts / rightParts);
                leftParts = rightParts == 1 ? 1 : Math.Max(leftParts, 1);
            }

            if (leftParts * (long)rightParts > 1)
            {
                found.Add(new(partition, leftParts, rightParts, Math.Max(left[partition], right[partition]), isLeftLarger ? leftMedian : rightMedian));
            }
        }

        return found;
    }

    /// <summary>The size that half of the partitions do not exceed; of an even number the smaller one, so that of two partitions one can be skewed.</summary>
    public static long MedianOf(ReadOnlySpan<long> bytes)
    {
        if (bytes.IsEmpty)
        {
            return 0;
        }

        var sorted = bytes.ToArray();
        Array.Sort(sorted);
        return sorted[(sorted.Length - 1) / 2];
    }

    private static int PartsOf(long bytes, long median, SkewLimits limits)
    {
        if (bytes <= limits.LeastBytes || bytes <= median * limits.Factor)
        {
            return 1;
        }

        var part = Math.Max(limits.PartBytes, median);
        return (int)Math.Min(limits.MostParts, 1 + ((bytes - 1) / part));
    }
}
