using Orleans.Runtime.GrainDirectory;

namespace Orleans.Runtime;

/// <summary>Makes ranges of the ring.</summary>
public static class RangeFactory
{
    /// <summary>How many numbers the ring has.</summary>
    public const long RING_SIZE = (long)uint.MaxValue + 1;

    /// <summary>The whole ring.</summary>
    public static IRingRange CreateFullRange() => new SingleRange(new HashRange(0, 0));

    /// <summary>What comes after a number up to and with another, around the end of the ring if need be.</summary>
    public static IRingRange CreateRange(uint begin, uint end) => new SingleRange(new HashRange(begin, end));

    /// <summary>All of several ranges; none: nothing.</summary>
    public static IRingRange CreateRange(List<IRingRange> inRanges)
    {
        ArgumentNullException.ThrowIfNull(inRanges);
        return inRanges.Count == 1 ? inRanges[0] : new SeveralRanges([.. inRanges.SelectMany(GetSubRanges)]);
    }

    /// <summary>The ranges without gaps that a range is made of.</summary>
    public static IEnumerable<ISingleRange> GetSubRanges(IRingRange range) => range switch
    {
        SeveralRanges several => several.Ranges,
        ISingleRange single => [single],
        _ => throw new ArgumentException($"{range?.GetType()} is no range of this factory.", nameof(range)),
    };

    private sealed class SingleRange(HashRange range) : ISingleRange
    {
        public uint Begin => range.Begin;

        public uint End => range.End;

        public bool InRange(uint n) => range.Contains(n);

        public override string ToString() => $"({Begin:X8}, {End:X8}]";
    }

    private sealed class SeveralRanges(ISingleRange[] ranges) : IRingRange
    {
        public ISingleRange[] Ranges => ranges;

        public bool InRange(uint n) => Array.Exists(ranges, range => range.InRange(n));

        public override string ToString() => string.Join(' ', ranges.AsEnumerable());
    }
}
