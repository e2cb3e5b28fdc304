using System.Runtime.ExceptionServices;
using Dpark.Codecs;
using Dpark.Rdds;

namespace Dpark.Caching;

/// <summary>Encodes what a reader gives, about <see cref="SegmentBytes"/> at a time. Used by one thread; the reader is the caller's to dispose.</summary>
internal sealed class SegmentEncoder<T>(BatchReader<T> source)
{
    /// <summary>1 MiB. A segment is larger by at most one batch.</summary>
    public const int SegmentBytes = 1 << 20;

    private bool _ended;

    /// <summary>Elements encoded so far.</summary>
    public long RecordCount { get; private set; }

    /// <summary>What the source threw; <see langword="null"/> if it did not.</summary>
    public ExceptionDispatchInfo? Failure { get; private set; }

    /// <summary>The next record block; <see langword="null"/> at the end.</summary>
    public EncodedSegment? Next()
    {
        if (_ended)
        {
            return null;
        }

        using var writer = new RecordBlockWriter<T>();
        while (writer.Length < SegmentBytes)
        {
            var batch = Pull();
            if (batch.IsEmpty)
            {
                _ended = true;
                break;
            }

            writer.Write(batch);
        }

        RecordCount += writer.RecordCount;
        return writer.RecordCount == 0 ? null : new(writer.ToArray(), writer.RecordCount);
    }

    private ReadOnlySpan<T> Pull()
    {
        try
        {
            return source.Next();
        }
        catch (Exception e)
        {
            Failure = ExceptionDispatchInfo.Capture(e);
            throw;
        }
    }
}
