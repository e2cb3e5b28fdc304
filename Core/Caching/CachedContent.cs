using Dpark.Rdds;

namespace Dpark.Caching;

/// <summary>A kept partition in memory. Immutable, so readers go on when it is dropped.</summary>
internal abstract class CachedContent
{
    /// <summary>The partition as it is stored, see <see cref="SegmentStream"/>.</summary>
    public abstract Stream Encode();
}

/// <summary>As objects.</summary>
internal sealed class CachedBatches<T>(T[][] batches) : CachedContent
{
    public T[][] Batches => batches;

    public override Stream Encode() => new SegmentStream(new SegmentEncoder<T>(new ArraysReader<T>(batches)).Next);
}

/// <summary>Encoded, one record block after the other.</summary>
internal sealed class CachedSegments(byte[][] segments) : CachedContent
{
    public byte[][] Segments => segments;

    public override Stream Encode()
    {
        var next = 0;
        return new SegmentStream(() => next < segments.Length ? segments[next++] : null);
    }
}

/// <summary>Reads batches that are in memory.</summary>
internal sealed class ArraysReader<T>(IReadOnlyList<T[]> batches) : BatchReader<T>
{
    private int _next;

    public override ReadOnlySpan<T> Next() => _next < batches.Count ? batches[_next++] : default;
}
