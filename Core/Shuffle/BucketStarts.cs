namespace Dpark.Shuffle;

/// <summary>
/// Where the buckets of a shuffle file are. A file has one segment or several, and each segment all buckets, one after the other: what a task wrote first, then what it wrote
/// next. Immutable.
/// </summary>
/// <param name="bucketCount">At least 1.</param>
/// <param name="starts">Where each bucket of the first segment starts, of the second, ...; then where the last one ends.</param>
internal sealed class BucketStarts(int bucketCount, long[] starts)
{
    /// <summary>Buckets of each segment.</summary>
    public int BucketCount => bucketCount;

    /// <summary>Segments of the file.</summary>
    public int SegmentCount => (starts.Length - 1) / bucketCount;

    /// <summary>Bytes of all buckets.</summary>
    public long Length => starts[^1] - starts[0];

    /// <summary>Where the last bucket ends.</summary>
    public long End => starts[^1];

    /// <summary>The numbers as they are in the file.</summary>
    public ReadOnlySpan<long> All => starts;

    /// <summary>Bytes of each bucket.</summary>
    public long[] BucketBytes()
    {
        var bytes = new long[bucketCount];
        for (var i = 0; i + 1 < starts.Length; i++)
        {
            bytes[i % bucketCount] += starts[i + 1] - starts[i];
        }

        return bytes;
    }

    /// <summary>Where some neighbouring buckets are: one part for each segment that has anything of them, in the order of the file.</summary>
    /// <param name="firstBucket">From 0.</param>
    /// <param name="count">At least 1.</param>
    public FilePart[] PartsOf(int firstBucket, int count)
    {
        var parts = new FilePart[SegmentCount];
        var used = 0;
        for (var first = firstBucket; first < starts.Length - 1; first += bucketCount)
        {
            var part = new FilePart(starts[first], starts[first + count] - starts[first]);
            if (part.Length > 0)
            {
                parts[used++] = part;
            }
        }

        return used == parts.Length ? parts : parts[..used];
    }
}

/// <summary>Consecutive bytes of a file.</summary>
public readonly record struct FilePart(long Offset, long Length)
{
    /// <summary>Where they end.</summary>
    public long End => Offset + Length;

    /// <summary>Bytes of all parts.</summary>
    internal static long LengthOf(ReadOnlySpan<FilePart> parts)
    {
        var length = 0L;
        foreach (var part in parts)
        {
            length += part.Length;
        }

        return length;
    }
}
