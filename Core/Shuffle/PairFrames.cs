using Dpark.Codecs;
using Dpark.Configuration;
using Dpark.Rdds;

namespace Dpark.Shuffle;

/// <summary>Writes buckets of records one after the other.</summary>
internal static class PairFrames
{
    /// <summary>Writes all buckets of a file.</summary>
    /// <param name="open">Opens a bucket. Called once per bucket, ascending.</param>
    public static void Write<T>(
        ShuffleFileWriter writer, int bucketCount, Func<int, BatchReader<T>> open, ShuffleOptions options, CancellationToken cancellationToken)
    {
        using var compressed = new RecordBuffer();
        using var frames = new FrameEncoder<T>(RecordCodec<T>.Default, options.Compression, options.FrameBytes, compressed);
        writer.RecordCount = 0;
        for (var bucket = 0; bucket < bucketCount; bucket++)
        {
            using var records = open(bucket);
            for (var batch = records.Next(); !batch.IsEmpty; batch = records.Next())
            {
                cancellationToken.ThrowIfCancellationRequested();
                writer.RecordCount += batch.Length;
                frames.Add(batch);
                if (frames.IsFull)
                {
                    writer.Append(bucket, frames.Seal());
                }
            }

            if (!frames.IsEmpty)
            {
                writer.Append(bucket, frames.Seal());
            }
        }
    }
}
