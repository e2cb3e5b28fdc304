using System.Runtime.CompilerServices;
using Dpark.Codecs;
using Dpark.Configuration;
using Dpark.Partitioning;
using Dpark.Rdds;
using Dpark.Tasks;

namespace Dpark.Shuffle;

/// <summary>Writes one map output with the values of each key combined. One instance per attempt; used by its thread.</summary>
internal sealed class CombiningMapWriter<TKey, TValue, TCombined>(
    ShuffleId shuffle, int mapIndex, MapOutputFiles files, ShuffleOptions options, Partitioner partitioner, Aggregator<TValue, TCombined> aggregator,
    TaskContext context) : IDisposable
{
    private readonly PairBuffer<TKey, TValue, TCombined> _buffer = CombiningBuffer.OfMapSide<TKey, TValue, TCombined>(
        aggregator, context.Memory.Claim($"combining for {shuffle}", options.SpillThresholdBytes));

    private readonly CombiningPlan<TKey, TCombined> _plan = new(
        aggregator.MergeCombined, shuffle.ToString(), CombiningBuffer.MapSideMultiplier, files, options, context);

    /// <summary>Reads the input to its end, disposes it, and commits the output.</summary>
    /// <returns>Where each bucket starts, and where the last one ends; and the records in all buckets.</returns>
    public (BucketStarts Starts, long RecordCount) Write(BatchReader<(TKey Key, TValue Value)> input, int attempt)
    {
        using var combined = new CombiningReader<TKey, TValue, TCombined>(input, _buffer, _plan, context);
        if (combined.IsAllInMemory() && TryCommitBuffer(attempt) is { } committed)
        {
            return committed;
        }

        using var writer = new PartitioningMapWriter<TKey, TCombined>(shuffle.ToString(), files, options, partitioner, context);
        return writer.Write(combined, shuffle, mapIndex, attempt);
    }

    /// <summary>Returns memory.</summary>
    public void Dispose() => _buffer.Dispose();

    private (BucketStarts Starts, long RecordCount)? TryCommitBuffer(int attempt)
    {
        using var frames = _buffer.TryMarkBuckets(partitioner);
        if (frames is not null)
        {
            return Commit(attempt, frames.ExpectedBytes, writer => frames.Write(writer, options, context.CancellationToken));
        }

        using var order = _buffer.TryOrderByBucket(partitioner);
        return order is null
            ? null
            : Commit(attempt, (long)order.Count * Unsafe.SizeOf<(TKey, TCombined)>(), writer => PairFrames.Write(
                writer, partitioner.PartitionCount, bucket => new BufferReader<TKey, TValue, TCombined>(_buffer, order, bucket), options, context.CancellationToken));
    }

    private (BucketStarts Starts, long RecordCount) Commit(int attempt, long expectedBytes, Action<ShuffleFileWriter> write)
    {
        var recordCount = 0L;
        var shape = RecordBlock.ShapeHash(RecordCodec<(TKey Key, TCombined Value)>.Default);
        var starts = files.Commit(shuffle, mapIndex, attempt, partitioner.PartitionCount, shape, expectedBytes, writer =>
        {
            write(writer);
            recordCount = writer.RecordCount;
        });
        return (starts, recordCount);
    }
}

/// <summary>Ways to make one value of many.</summary>
internal static class Merging
{
    /// <summary>Two at a time, from the first.</summary>
    public static MergeValues<T> Fold<T>(Func<T, T, T> merge) => values =>
    {
        var result = values[0];
        foreach (var value in values[1..])
        {
            result = merge(result, value);
        }

        return result;
    };

    /// <summary>All arrays in a row.</summary>
    public static T[] Concatenate<T>(ReadOnlySpan<T[]> arrays)
    {
        var length = 0;
        foreach (var array in arrays)
        {
            length = checked(length + array.Length);
        }

        var result = new T[length];
        var position = 0;
        foreach (var array in arrays)
        {
            array.CopyTo(result, position);
            position += array.Length;
        }

        return result;
    }
}
