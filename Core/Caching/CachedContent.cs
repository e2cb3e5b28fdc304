using Dpark.Codecs;
using Dpark.Rdds;

namespace Dpark.Caching;

/// <summary>A kept partition in memory. Immutable, so readers go on when it is dropped.</summary>
internal abstract class CachedContent
{
    /// <summary>The partition as it is stored, see <see cref="SegmentStream"/>.</summary>
    public abstract SegmentStream Encode();

    /// <summary>About a segment of elements, with the one of a number among them.</summary>
    /// <param name="record">Elements before it. Less than there are.</param>
    /// <returns>The segment, and the elements before it.</returns>
    /// <exception cref="UnsupportedRecordTypeException">The elements cannot be encoded.</exception>
    public abstract (EncodedSegment Segment, long FirstRecord) EncodeFrom(long record);
}

/// <summary>As objects.</summary>
internal sealed class CachedBatches<T>(T[][] batches) : CachedContent
{
    public T[][] Batches => batches;

    public override SegmentStream Encode() => new(new SegmentEncoder<T>(new ArraysReader<T>(batches)).Next);

    public override (EncodedSegment Segment, long FirstRecord) EncodeFrom(long record)
    {
        var first = 0L;
        var index = 0;
        while (first + batches[index].Length <= record)
        {
            first += batches[index++].Length;
        }

        var segment = new SegmentEncoder<T>(new ArraysReader<T>(new ArraySegment<T[]>(batches, index, batches.Length - index))).Next();
        return (segment!, first);
    }
}

/// <summary>Encoded, one record block after the other.</summary>
internal sealed class CachedSegments(EncodedSegment[] segments) : CachedContent
{
    public EncodedSegment[] Segments => segments;

    public override SegmentStream Encode()
    {
        var next = 0;
        return new SegmentStream(() => next < segments.Length ? segments[next++] : null);
    }

    public override (EncodedSegment Segment, long FirstRecord) EncodeFrom(long record)
    {
        var first = 0L;
        var index = 0;
        while (first + segments[index].RecordCount <= record)
        {
            first += segments[index++].RecordCount;
        }

        return (segments[index], first);
    }
}

/// <summary>Reads batches that are in memory.</summary>
internal sealed class ArraysReader<T>(IReadOnlyList<T[]> batches) : BatchReader<T>
{
    private int _next;

    public override ReadOnlySpan<T> Next() => _next < batches.Count ? batches[_next++] : default;

    internal override bool TryNextKept(out ReadOnlyMemory<T> batch)
    {
        batch = _next < batches.Count ? batches[_next++] : default;
        return true;
    }
}
